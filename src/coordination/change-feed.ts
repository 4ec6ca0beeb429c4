import type { Clock, Logger } from '../base/index.ts';
import { type ConnectionOptions, RedisConnection } from './redis-connection.ts';

/** A subscriber hears nothing for hours; this is how it finds out that it has gone deaf. */
const pingEveryMs = 15_000;

interface Watcher {
  readonly prefix: string;
  readonly changed: (key: string | undefined) => void;
}

/**
 * The changes that the scripts publish, on a connection of its own that is made at the first watch. Redis
 * forgets what it published while there was no subscriber: after each reconnect every watcher is notified to
 * read again.
 */
export class ChangeFeed {
  readonly #channel: string;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #watchers = new Set<Watcher>();
  #opening: Promise<RedisConnection> | undefined;
  #pings: Disposable | undefined;
  #isClosed = false;

  constructor(channel: string, options: ConnectionOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Resolves once changes are heard. Rejects with `STATE_UNAVAILABLE`. */
  async watch(prefix: string, changed: Watcher['changed']): Promise<AsyncDisposable> {
    const watcher = { prefix, changed };
    this.#watchers.add(watcher);
    const end = (): Promise<void> => {
      this.#watchers.delete(watcher);
      return Promise.resolve();
    };
    try {
      this.#opening ??= this.#open();
      await this.#opening;
    } catch (error) {
      await end();
      this.#opening = undefined;
      throw error;
    }
    return { [Symbol.asyncDispose]: end };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watchers.clear();
    this.#pings?.[Symbol.dispose]();
    const connection = await this.#opening?.catch(() => undefined);
    connection?.close();
  }

  async #open(): Promise<RedisConnection> {
    const connection = await RedisConnection.open('watching for changes', this.#options);
    connection.client.on('message', (_channel: string, key: string) => this.#tell(key));
    try {
      await connection.call('watching for changes', (client) => client.subscribe(this.#channel));
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.client.on('ready', () => void this.#resubscribe(connection));
    this.#pings = this.#clock.every(pingEveryMs, () => void this.#ping(connection));
    if (this.#isClosed) connection.close();
    return connection;
  }

  async #resubscribe(connection: RedisConnection): Promise<void> {
    try {
      await connection.client.subscribe(this.#channel);
      this.#tell(undefined);
    } catch (error) {
      this.#log.warn({ event: 'state.subscription-failed', address: connection.address, error });
      if (connection.client.status === 'ready') connection.client.disconnect(true);
    }
  }

  async #ping(connection: RedisConnection): Promise<void> {
    if (connection.client.status !== 'ready') return;
    try {
      await connection.client.ping();
    } catch {
      connection.client.disconnect(true);
    }
  }

  /** undefined: anything may have changed. */
  #tell(key: string | undefined): void {
    for (const watcher of this.#watchers) {
      if (key !== undefined && !key.startsWith(watcher.prefix)) continue;
      try {
        watcher.changed(key);
      } catch (error) {
        this.#log.error({ event: 'state.watcher-failed', prefix: watcher.prefix, key, error });
      }
    }
  }
}
