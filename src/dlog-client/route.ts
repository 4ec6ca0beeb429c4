import { type Clock, GatewayError, throwIfAborted } from '../base/index.ts';
import {
  connectThrift,
  DistributedLogService,
  type DistributedLogServiceCaller,
  type DistributedLogServiceMethods,
  type ResponseHeader,
  type ThriftClient,
} from '../rpc/index.ts';
import { failureOf, isLost, isPassing } from './failure.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const ownersMax = 10_000;

/** The owners that earlier answers named: all calls of a client go to the owner directly. */
export class OwnerCache {
  readonly #owners = new Map<string, Address>();

  get(stream: string): Address | undefined {
    return this.#owners.get(stream);
  }

  set(stream: string, owner: Address): void {
    if (this.#owners.size >= ownersMax) this.#owners.clear();
    this.#owners.set(stream, owner);
  }

  delete(stream: string): void {
    this.#owners.delete(stream);
  }
}

export interface RouteOptions {
  /** The gateways, tried in order. */
  readonly homes: readonly Address[];
  readonly owners: OwnerCache;
  readonly clock: Clock;
  /** The time limit for connecting, and for a call beyond the time that it asks the gateway to wait. */
  readonly timeoutMs: number;
  /** How long to retry temporary failures, counted from the last success. */
  readonly patienceMs: number;
  /** Whether to wait for a gateway that went away. */
  readonly reconnects: boolean;
  /** The settings to check when no gateway answers; error messages name them. */
  readonly addressKeys: string;
}

const pauseMs = 200;
/** The largest answer of `read` and `check`, with its framing. */
const frameBytesMax = 4 << 20;

/**
 * One connection, to the gateway that writes a stream; reopened when it is lost or the stream moves. For one
 * caller.
 */
export class Route implements Disposable {
  readonly #options: RouteOptions;
  readonly #stream: string;
  readonly #signal: AbortSignal | undefined;
  #client: ThriftClient<DistributedLogServiceMethods> | undefined;
  #failingSinceMs: number | undefined;
  #isOwnerGone = false;

  constructor(options: RouteOptions, stream: string, signal?: AbortSignal) {
    this.#options = options;
    this.#stream = stream;
    this.#signal = signal;
  }

  /**
   * Connects if there is no connection: to the owner as far as it is known, or to the first gateway that
   * answers. Throws `CONNECT_FAILED`.
   */
  async caller(): Promise<DistributedLogServiceCaller> {
    throwIfAborted(this.#signal);
    if (this.#client?.isOpen !== true) this.#client = await this.#connect();
    return this.#client.call;
  }

  /** Connects, over failed attempts as {@link afterLoss} allows. Throws the error of the last one. */
  async connected(): Promise<void> {
    for (;;) {
      try {
        await this.caller();
        return;
      } catch (error) {
        await this.afterLoss(error);
      }
    }
  }

  /**
   * Repeats a call until the answer is 200, over lost connections if `isRepeatable`. Throws as {@link
   * failureOf}, or the error of the lost connection.
   */
  async settled<R extends { readonly header: ResponseHeader }>(
    call: (caller: DistributedLogServiceCaller) => Promise<R>,
    options: { readonly isRepeatable: boolean },
  ): Promise<R> {
    for (;;) {
      let answer: R;
      try {
        answer = await call(await this.caller());
      } catch (error) {
        const isSent = this.#client !== undefined;
        if (isSent && !options.isRepeatable) throw error;
        await this.afterLoss(error);
        continue;
      }
      if (answer.header.code === 'SUCCESS') {
        this.progressed();
        return answer;
      }
      await this.recover(answer.header);
    }
  }

  progressed(): void {
    this.#failingSinceMs = undefined;
  }

  /**
   * Follows the redirect in the answer, or waits a little. Throws the failure of the answer when it is
   * permanent or lasts too long.
   */
  async recover(header: ResponseHeader): Promise<void> {
    if (!isPassing(header) || this.#isLate()) throw failureOf(this.#stream, header);
    if (header.location !== undefined) {
      const owner = addressOf(header.location);
      const wasSent = sameAddress(this.#options.owners.get(this.#stream), owner);
      this.#options.owners.set(this.#stream, owner);
      this.lost();
      // After a redirect that led nowhere, the caller waits: otherwise it would go in a circle without a
      // pause.
      if (!wasSent && !this.#isOwnerGone) return;
      this.#isOwnerGone = false;
    }
    await this.#options.clock.sleep(pauseMs, this.#signal);
  }

  /**
   * Prepares the next attempt. Throws `error` when it is not a connection's, or the failure lasts too long.
   */
  async afterLoss(error: unknown): Promise<void> {
    this.lost();
    const { reconnects, clock } = this.#options;
    if (this.#signal?.aborted === true || !reconnects || !isLost(error) || this.#isLate()) throw error;
    await clock.sleep(pauseMs, this.#signal);
  }

  /** Drops the connection: the next call opens a new one. */
  lost(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  [Symbol.dispose](): void {
    this.lost();
  }

  #isLate(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    this.#failingSinceMs ??= nowMs;
    return nowMs - this.#failingSinceMs >= this.#options.patienceMs;
  }

  async #connect(): Promise<ThriftClient<DistributedLogServiceMethods>> {
    const { homes, owners } = this.#options;
    const owner = owners.get(this.#stream);
    let failure: unknown = new GatewayError('CONNECT_FAILED', 'no gateway is named', { facts: { homes } });
    for (const address of owner === undefined ? homes : [owner, ...homes]) {
      try {
        return await this.#dial(address);
      } catch (error) {
        throwIfAborted(this.#signal);
        // A dead owner is still named until its lease has expired.
        if (address === owner) {
          owners.delete(this.#stream);
          this.#isOwnerGone = true;
        }
        failure = error;
      }
    }
    throw failure;
  }

  #dial(address: Address): Promise<ThriftClient<DistributedLogServiceMethods>> {
    const { timeoutMs, addressKeys, clock } = this.#options;
    const signal = this.#signal === undefined ? {} : { signal: this.#signal };
    return connectThrift(DistributedLogService, address, {
      ...{ timeoutMs, addressKeys, clock, frameBytesMax },
      ...signal,
    });
  }
}

function addressOf(location: string): Address {
  const at = location.lastIndexOf(':');
  return { host: location.slice(0, at), port: Number(location.slice(at + 1)) };
}

function sameAddress(left: Address | undefined, right: Address): boolean {
  return left?.host === right.host && left.port === right.port;
}
