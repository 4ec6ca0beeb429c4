import {
  backoffMs,
  type Clock,
  describeError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type Logger,
  type RandomSource,
} from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import { keys } from '../../records/index.ts';
import type { PackingPlan, PhysicalPlan } from '../../topology/index.ts';
import type { Network } from '../links/index.ts';
import { FrameConnection, isPort, protocolVersion, readPacking, readPlan } from '../links/index.ts';
import type { StreamManagerLimits } from './limits.ts';

const readBytes = 64 << 10;

export interface MasterClientOptions {
  readonly topologyId: string;
  readonly containerId: number;
  readonly incarnation: string;
  /** Where this stream manager listens. */
  readonly host: string;
  readonly port: number;
  readonly network: Network;
  readonly store: StateStore;
  readonly limits: StreamManagerLimits;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly epochHeld: () => number;
  readonly onPlan: (plan: PhysicalPlan) => void;
  readonly packingHeld: () => number;
  readonly onPacking: (plan: PackingPlan) => void;
}

/**
 * Keeps this stream manager registered with the topology master: finds it by its lease in the state store (often at
 * first, then less), registers, takes plans, and begins again when the connection is lost. Tuples do not need it: with
 * the master or the store away everything flows on by the last plan.
 */
export class MasterClient {
  readonly #options: MasterClientOptions;
  #connection: FrameConnection | undefined;
  #attempts = 0;
  #lastHeardMs = 0;
  #retry: Disposable | undefined;
  #ping: Disposable | undefined;
  #isClosed = false;

  constructor(options: MasterClientOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, limits } = this.#options;
    this.#ping = clock.every(limits.pingMs, () => this.#keepAlive());
    void this.#find();
  }

  /** The container runs by a new packing plan. Who is not connected says so when it registers. */
  took(version: number): void {
    this.#connection?.send({ type: 'took', version });
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.[Symbol.dispose]();
    this.#ping?.[Symbol.dispose]();
    this.#connection?.close('this container ends');
    this.#connection = undefined;
  }

  /** Never rejects: what fails is tried again. */
  async #find(): Promise<void> {
    const { store, topologyId, log } = this.#options;
    try {
      const lease = await store.readLease(keys.master(topologyId));
      if (this.#isClosed) return;
      const address = readAddress(lease?.value);
      if (address === undefined) this.#later('no topology master holds the lease');
      else this.#dial(address);
    } catch (error) {
      // Once per outage and not per attempt: the first attempts of a start are expected to find nothing.
      if (this.#attempts === 10) log.warn({ event: 'master.not-found', reason: describeError(error) });
      if (!this.#isClosed) this.#later(describeError(error));
    }
  }

  #dial(address: { readonly host: string; readonly port: number }): void {
    this.#connection = FrameConnection.dial(
      this.#options.network,
      { ...address, readBytes },
      {
        opened: (connection) => this.#register(connection),
        controlFrame: (message, connection) => this.#control(message, connection),
        closed: (reason, connection) => {
          if (this.#connection !== connection || this.#isClosed) return;
          this.#connection = undefined;
          this.#later(reason);
        },
      },
    );
    this.#lastHeardMs = this.#options.clock.monotonicMs();
  }

  #register(connection: FrameConnection): void {
    const { topologyId, containerId, incarnation, host, port, epochHeld, packingHeld } = this.#options;
    connection.send({
      type: 'register',
      protocol: protocolVersion,
      topologyId,
      containerId,
      incarnation,
      host,
      port,
      epochHeld: epochHeld(),
      packingHeld: packingHeld(),
    });
  }

  #control(message: JsonObject, connection: FrameConnection): void {
    this.#lastHeardMs = this.#options.clock.monotonicMs();
    switch (message['type']) {
      case 'plan': {
        const plan = readPlan(message['plan']);
        if (plan === undefined) throw new Error('a plan that is none');
        this.#attempts = 0;
        this.#options.onPlan(plan);
        return;
      }
      case 'packing': {
        const packing = readPacking(message['plan']);
        if (packing === undefined) throw new Error('a packing plan that is none');
        this.#options.onPacking(packing);
        return;
      }
      case 'pong':
        return;
      case 'refused':
        connection.close(`refused: ${JSON.stringify(message['reason'])}`);
        return;
      default:
        throw new Error(`unexpected message ${JSON.stringify(message['type'])}`);
    }
  }

  #keepAlive(): void {
    const { clock, limits } = this.#options;
    const silentMs = clock.monotonicMs() - this.#lastHeardMs;
    if (silentMs > 2 * limits.pingMs) {
      this.#connection?.close(`no answer for ${Math.round(silentMs)} ms`);
    } else {
      this.#connection?.send({ type: 'ping' });
    }
  }

  #later(reason: string): void {
    const { clock, limits, random, log } = this.#options;
    const retryMs = backoffMs(this.#attempts, limits.findMaster, random);
    log.debug({ event: 'master.sought', reason, attempt: this.#attempts, retryMs });
    this.#attempts++;
    this.#retry?.[Symbol.dispose]();
    this.#retry = clock.after(retryMs, () => void this.#find());
  }
}

function readAddress(
  value: JsonValue | undefined,
): { readonly host: string; readonly port: number } | undefined {
  if (!isJsonObject(value)) return undefined;
  const { host, port } = value;
  return typeof host === 'string' && isPort(port) ? { host, port } : undefined;
}
