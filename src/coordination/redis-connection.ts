import type { Redis } from 'ioredis';
import {
  backoffMs,
  type Clock,
  type Deferred,
  deferred,
  GatewayError,
  type Logger,
  type RandomSource,
  throwIfAborted,
} from '../base/index.ts';
import { parseRedisUrl } from './redis-address.ts';
import { unavailable } from './unavailable.ts';

export interface ConnectionOptions {
  /** See {@link parseRedisUrl}. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** How long `open` keeps trying. */
  readonly connectLimitMs: number;
  /** A call slower than this means a stopped server or a black-holed network: the client reconnects. */
  readonly callLimitMs: number;
  /** How long after a loss calls wait for the connection to come back; later ones reject at once. */
  readonly awayMsMax: number;
  readonly signal?: AbortSignal;
}

interface Loss {
  readonly atMs: number;
  readonly over: Deferred<undefined>;
}

const reconnectLimits = { firstMs: 20, maxMs: 2000, factor: 2, jitter: 0.3 };
/**
 * To a socket on this machine a try costs nothing, and a server that is started again is there within a
 * moment.
 */
const localReconnectLimits = { ...reconnectLimits, maxMs: 200 };

/**
 * One connection to Redis. It comes back by itself, with growing pauses. A call that was in flight when it
 * broke rejects and is never repeated (the caller knows whether it may be made twice); one made just after
 * waits for it to be back.
 */
export class RedisConnection {
  readonly client: Redis;
  readonly address: string;
  readonly #options: ConnectionOptions;
  #isClosed = false;
  #isUp = false;
  /** Set from a loss to the next time the connection is up. */
  #loss: Loss | undefined;
  #lastError: unknown = new Error('no connection yet');

  private constructor(client: Redis, address: string, options: ConnectionOptions) {
    const { log, clock } = options;
    this.client = client;
    this.address = address;
    this.#options = options;
    client.on('error', (error: unknown) => {
      this.#lastError = error;
    });
    client.on('ready', () => {
      if (this.#loss !== undefined) log.info({ event: 'state.reconnected', address });
      this.#isUp = true;
      this.#lossIsOver();
    });
    client.on('close', () => {
      if (this.#isUp && !this.#isClosed) {
        log.warn({ event: 'state.connection-lost', address });
        this.#loss = { atMs: clock.monotonicMs(), over: deferred() };
      }
      this.#isUp = false;
    });
  }

  /**
   * Rejects with `STATE_UNAVAILABLE` naming `purpose` after `connectLimitMs`; the signal's reason on abort.
   */
  static async open(
    purpose: string,
    options: ConnectionOptions,
    scripts: Readonly<Record<string, { readonly lua: string; readonly numberOfKeys: number }>> = {},
  ): Promise<RedisConnection> {
    throwIfAborted(options.signal);
    const address = parseRedisUrl(options.url);
    // Loaded at the first use: it takes 40 ms, which a container spends while its other parts start.
    const { Redis } = await import('ioredis');
    const limits = 'path' in address.options ? localReconnectLimits : reconnectLimits;
    const client = new Redis({
      ...address.options,
      lazyConnect: true,
      protocol: 2,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0, // calls in flight when the connection broke are rejected
      disableClientInfo: true,
      keepAlive: 10_000,
      commandTimeout: options.callLimitMs,
      retryStrategy: (times) => backoffMs(times - 1, limits, options.random),
      scripts,
    });
    const connection = new RedisConnection(client, address.text, options);
    try {
      await connection.#connect(purpose, options);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Runs one call; faults of the server and of the way to it become `STATE_UNAVAILABLE` naming `what`. */
  async call<T>(what: string, action: (client: Redis) => Promise<T>): Promise<T> {
    if (this.#loss !== undefined) await this.#returned(this.#loss);
    if (this.#isClosed) {
      throw new GatewayError(
        'STATE_UNAVAILABLE',
        `${what}: the state store at ${this.address} has been closed`,
      );
    }
    try {
      return await action(this.client);
    } catch (error) {
      const isTimeout = error instanceof Error && error.message === 'Command timed out';
      if (isTimeout && this.client.status === 'ready') this.client.disconnect(true);
      const isDown = isBroken(error) || (this.client.status !== 'ready' && !isTimeout);
      throw unavailable({ what, address: this.address }, isDown ? this.#lastError : error);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.client.disconnect();
    this.#lossIsOver();
    this.#options.log.debug({ event: 'state.closed', address: this.address });
  }

  #lossIsOver(): void {
    this.#loss?.over.resolve(undefined);
    this.#loss = undefined;
  }

  async #returned(loss: Loss): Promise<void> {
    const { clock, awayMsMax } = this.#options;
    const leftMs = loss.atMs + awayMsMax - clock.monotonicMs();
    if (leftMs <= 0) return;
    const tooLong = deferred<undefined>();
    const limit = clock.after(leftMs, () => tooLong.resolve(undefined));
    await Promise.race([loss.over.promise, tooLong.promise]);
    limit[Symbol.dispose]();
  }

  async #connect(purpose: string, options: ConnectionOptions): Promise<void> {
    const ready = deferred<undefined>();
    this.client.once('ready', () => ready.resolve(undefined));
    const limit = options.clock.after(options.connectLimitMs, () =>
      ready.reject(unavailable({ what: purpose, address: this.address }, this.#lastError)),
    );
    const abort = (): void => ready.reject(options.signal?.reason);
    options.signal?.addEventListener('abort', abort, { once: true });
    // A first attempt that fails is not the end: the client continues by retryStrategy, and 'error' keeps the
    // reason.
    this.client.connect().catch((error: unknown) => {
      this.#lastError = error;
    });
    try {
      await ready.promise;
    } finally {
      limit[Symbol.dispose]();
      options.signal?.removeEventListener('abort', abort);
    }
  }
}

/** The client's word for a connection that broke under a call hides why it did. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && error.name === 'MaxRetriesPerRequestError';
}
