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

/** Where streams are written, as answers said: all who use a client go there at once. */
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
  /** Gateways, tried in order. */
  readonly homes: readonly Address[];
  readonly owners: OwnerCache;
  readonly clock: Clock;
  /** For connecting, and for a call beyond what it is to wait for. */
  readonly timeoutMs: number;
  /** How long to retry temporary failures, counted from the last success. */
  readonly patienceMs: number;
  /** Whether a gateway that went away is waited for as well. */
  readonly reconnects: boolean;
  /** The settings to check when no gateway answers; error messages name them. */
  readonly addressKeys: string;
}

const pauseMs = 200;
/** What `read` and `check` answer at most, and what is around it. */
const frameBytesMax = 4 << 20;

/**
 * One connection, to where a stream is written; reopened when it is lost or the stream moves. For one caller.
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
   * Connects where there is no connection: to the owner as far as it is known, or to the first home that
   * answers. Throws `CONNECT_FAILED`.
   */
  async caller(): Promise<DistributedLogServiceCaller> {
    throwIfAborted(this.#signal);
    if (this.#client?.isOpen !== true) this.#client = await this.#connect();
    return this.#client.call;
  }

  /**
   * Calls until the answer is 200, over lost connections where `isRepeatable`. Throws as {@link failureOf},
   * or what was lost.
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
   * Goes where the answer sends, or waits a little. Throws what the answer says when that is for good, or
   * lasts too long.
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

  /** Before the next try. Throws `error` when that is none of a connection's, or it lasts too long. */
  async afterLoss(error: unknown): Promise<void> {
    this.lost();
    const { reconnects, clock } = this.#options;
    if (this.#signal?.aborted === true || !reconnects || !isLost(error) || this.#isLate()) throw error;
    await clock.sleep(pauseMs, this.#signal);
  }

  /** What is asked next is asked on a new connection. */
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
        // An owner that died is named until its lease has run out.
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
