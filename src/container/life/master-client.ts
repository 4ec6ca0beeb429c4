import {
  type BackoffLimits,
  backoffMs,
  type Clock,
  describeError,
  GatewayError,
  type JsonObject,
  type Logger,
  type RandomSource,
} from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import {
  type ContainerSpec,
  keys,
  RecordStore,
  readPackingPlan,
  readPhysicalPlan,
} from '../../records/index.ts';
import type { PackingPlan, PhysicalPlan } from '../../topology/index.ts';
import type { Network } from '../links/index.ts';
import { FrameConnection, protocolVersion } from '../links/index.ts';

const readBytes = 64 << 10;
/**
 * How often the topology master's lease is read until the master can be reached: often at first, then less.
 */
const findBackoff: BackoffLimits = { firstMs: 15, maxMs: 500, factor: 1.3, jitter: 0.2 };
/** How often the master is asked whether it lives; twice this without an answer ends the connection. */
const pingMs = 5000;
/**
 * From this attempt on a store that cannot be read is logged: the first attempts of a start are expected to
 * find nothing.
 */
const loggedAttempt = 10;

export interface MasterClientOptions {
  readonly spec: ContainerSpec;
  /** Where the stream manager of this container listens for peers. */
  readonly address: { readonly host: string; readonly port: number };
  readonly network: Network;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Epoch of the physical plan held here, 0 for none. */
  readonly epochHeld: () => number;
  /** Version of the packing plan that this container has applied, its hosts included. */
  readonly packingHeld: () => number;
  readonly onPhysical: (physical: PhysicalPlan) => void;
  readonly onPacking: (packing: PackingPlan) => void;
}

/**
 * Keeps this container registered with the topology master: finds the master by its lease in the state store,
 * registers, receives plans, and starts again when the connection is lost. Tuples do not need it: while the
 * master or the store is away they flow by the last plan.
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
    this.#ping = this.#options.clock.every(pingMs, () => this.#keepAlive());
    void this.#find();
  }

  /** This container has applied the packing plan. Without a connection the next registration says so. */
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

  /** Never rejects: it retries what fails. */
  async #find(): Promise<void> {
    const { store, spec, log } = this.#options;
    try {
      const lease = await new RecordStore(store).readLease(keys.master(spec.topologyId));
      if (this.#isClosed) return;
      if (lease?.kind === 'read') this.#dial(lease.record);
      else this.#later('no topology master holds the lease');
    } catch (error) {
      if (this.#attempts === loggedAttempt)
        log.warn({ event: 'master.not-found', reason: describeError(error) });
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
    const { spec, address, epochHeld, packingHeld } = this.#options;
    const { topologyId, containerId, incarnation } = spec;
    connection.send({
      type: 'register',
      protocol: protocolVersion,
      topologyId,
      containerId,
      incarnation,
      ...address,
      epochHeld: epochHeld(),
      packingHeld: packingHeld(),
    });
  }

  #control(message: JsonObject, connection: FrameConnection): void {
    this.#lastHeardMs = this.#options.clock.monotonicMs();
    switch (message['type']) {
      case 'plan': {
        const reading = readPhysicalPlan(this.#options.spec.topologyId, message['plan']);
        if (reading.kind === 'unreadable') throw violation(`a physical plan in which ${reading.reason}`);
        this.#attempts = 0;
        this.#options.onPhysical(reading.record);
        return;
      }
      case 'packing': {
        const reading = readPackingPlan(this.#options.spec.topologyId, message['plan']);
        if (reading.kind === 'unreadable') throw violation(`a packing plan in which ${reading.reason}`);
        this.#options.onPacking(reading.record);
        return;
      }
      case 'pong':
        return;
      case 'refused':
        connection.close(`refused: ${JSON.stringify(message['reason'])}`);
        return;
      default:
        throw violation(`a message of type ${JSON.stringify(message['type'])}`);
    }
  }

  #keepAlive(): void {
    const silentMs = this.#options.clock.monotonicMs() - this.#lastHeardMs;
    if (silentMs > 2 * pingMs) {
      this.#connection?.close(`no answer for ${Math.round(silentMs)} ms`);
    } else {
      this.#connection?.send({ type: 'ping' });
    }
  }

  #later(reason: string): void {
    const { clock, random, log } = this.#options;
    const retryMs = backoffMs(this.#attempts, findBackoff, random);
    log.debug({ event: 'master.sought', reason, attempt: this.#attempts, retryMs });
    this.#attempts++;
    this.#retry?.[Symbol.dispose]();
    this.#retry = clock.after(retryMs, () => void this.#find());
  }
}

function violation(what: string): GatewayError {
  return new GatewayError('PROTOCOL_VIOLATION', `the topology master sent ${what}`);
}
