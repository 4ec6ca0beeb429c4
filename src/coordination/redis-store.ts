import assert from 'node:assert/strict';
import type { Redis } from 'ioredis';
import type { Clock, JsonValue, Logger, RandomSource } from '../base/index.ts';
import { ChangeFeed } from './change-feed.ts';
import { scripts } from './gen/scripts.ts';
import { type ConnectionOptions, RedisConnection } from './redis-connection.ts';
import type { Fence, LeaseResult, StateStore, StateWrites, Versioned, WriteResult } from './store.ts';
import { leaseLost } from './unavailable.ts';

export interface RedisStoreOptions {
  /**
   * `redis://[user:password@]host:port/db`, `rediss://`, or `unix:/path` (or the bare path) of a unix socket.
   */
  readonly url: string;
  /** Goes before every key and channel, so that several gateways may share a Redis. */
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** How long opening keeps trying before it rejects. Default 5000. */
  readonly connectLimitMs?: number;
  /** A call that is not answered within this rejects. Default 5000. */
  readonly callLimitMs?: number;
  /**
   * Calls made within this of the loss of the server wait for it to be back, until it has passed. Default
   * 2000.
   */
  readonly awayMsMax?: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens the state store in a Redis (5 or later). Rejects with `STATE_UNAVAILABLE` naming the address when
 * there is none within the limit, `CONFIG_INVALID` for a wrong URL, the signal's reason on abort. Once open
 * it reconnects by itself; calls made while the server is away for longer than `awayMsMax` reject at once.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<StateStore> {
  const connectionOptions = { connectLimitMs: 5000, callLimitMs: 5000, awayMsMax: 2000, ...options };
  const commands = Object.fromEntries(
    Object.entries(scripts).map(([name, script]) => [command(name), script]),
  );
  const connection = await RedisConnection.open('opening the state store', connectionOptions, commands);
  return new RedisStore(connection, connectionOptions);
}

type ScriptName = keyof typeof scripts;
type ScriptArgument = string | number;
type WriteName = 'putRecord' | 'remove' | 'removeAll' | 'append';

interface ScriptInput {
  readonly keys: readonly string[];
  readonly args: readonly ScriptArgument[];
}

type RunWrite = (name: WriteName, what: string, input: ScriptInput) => Promise<unknown>;

class RedisStore implements StateStore {
  readonly #connection: RedisConnection;
  readonly #feed: ChangeFeed;
  readonly #prefix: string;
  readonly #channel: string;
  readonly #records: string;
  readonly #lists: string;
  readonly #leases: string;
  readonly #writes: StateWrites;

  constructor(connection: RedisConnection, options: ConnectionOptions & { readonly keyPrefix: string }) {
    this.#connection = connection;
    this.#prefix = options.keyPrefix;
    this.#channel = `${this.#prefix}changes`;
    this.#records = `${this.#prefix}records`;
    this.#lists = `${this.#prefix}lists`;
    this.#leases = `${this.#prefix}leases`;
    this.#feed = new ChangeFeed(this.#channel, options);
    this.#writes = this.#makeWrites();
  }

  async read(key: string): Promise<Versioned | undefined> {
    const [version, value] = await this.#connection.call(`reading ${key}`, (client) =>
      client.hmget(this.#record(key), 'version', 'value'),
    );
    return version == null || value == null ? undefined : versioned(version, value);
  }

  async list(prefix: string): Promise<readonly (Versioned & { readonly key: string })[]> {
    const reply = await this.#run('listRecords', `listing ${prefix}`, [
      this.#records,
      prefix,
      this.#record(''),
    ]);
    assert(Array.isArray(reply));
    const found: (Versioned & { readonly key: string })[] = [];
    for (let at = 0; at < reply.length; at += 3) {
      found.push({ key: String(reply[at]), ...versioned(reply[at + 1], reply[at + 2]) });
    }
    return found;
  }

  async create(key: string, value: JsonValue): Promise<WriteResult> {
    const keys = [this.#record(key), this.#records];
    const reply = await this.#run('createRecord', `creating ${key}`, [
      ...keys,
      key,
      JSON.stringify(value),
      this.#channel,
    ]);
    return writeResult(reply);
  }

  async replace(key: string, version: number, value: JsonValue): Promise<WriteResult> {
    const reply = await this.#run('replaceRecord', `replacing ${key}`, [
      this.#record(key),
      ...[key, version, JSON.stringify(value), this.#channel],
    ]);
    return writeResult(reply);
  }

  put(key: string, value: JsonValue, options: { readonly expireMs?: number } = {}): Promise<void> {
    return this.#writes.put(key, value, options);
  }

  async remove(key: string, version?: number): Promise<boolean> {
    if (version === undefined) return this.#writes.remove(key);
    const record = [this.#record(key), this.#records];
    const reply = await this.#run('removeRecord', `removing ${key}`, [
      ...record,
      ...[key, version, this.#channel],
    ]);
    return reply === 1;
  }

  removeAll(prefix: string): Promise<number> {
    return this.#writes.removeAll(prefix);
  }

  append(key: string, value: JsonValue, max: number): Promise<void> {
    return this.#writes.append(key, value, max);
  }

  fenced(fence: Fence): StateWrites {
    return this.#makeWrites(fence);
  }

  #makeWrites(fence?: Fence): StateWrites {
    const run: RunWrite = (name, what, { keys, args }) =>
      fence === undefined
        ? this.#run(name, what, [...keys, ...args])
        : this.#runFenced(`${name}Fenced`, what, { keys, args, fence });
    return {
      put: async (key, value, options = {}) => {
        await run('putRecord', `writing ${key}`, {
          keys: [this.#record(key), this.#records],
          args: [key, JSON.stringify(value), options.expireMs ?? 0, this.#channel],
        });
      },
      remove: async (key) => {
        const others = [this.#listOf(key), this.#lists, this.#lease(key), this.#leases];
        const keys = [this.#record(key), this.#records, ...others];
        return (await run('remove', `removing ${key}`, { keys, args: [key, this.#channel] })) === 1;
      },
      removeAll: async (prefix) => {
        const reply = await run('removeAll', `removing all of ${prefix}`, {
          keys: [this.#records, this.#lists, this.#leases],
          args: [prefix, this.#record(''), this.#listOf(''), this.#lease(''), this.#channel],
        });
        return Number(reply);
      },
      append: async (key, value, max) => {
        await run('append', `appending to ${key}`, {
          keys: [this.#listOf(key), this.#lists],
          args: [key, JSON.stringify(value), max],
        });
      },
    };
  }

  async #runFenced(
    name: ScriptName,
    what: string,
    { keys, args, fence }: ScriptInput & { readonly fence: Fence },
  ): Promise<unknown> {
    const reply = await this.#run(name, what, [
      ...[...keys, this.#lease(fence.leaseKey)],
      ...[...args, fence.epoch],
    ]);
    if (reply === 'FENCED') throw leaseLost(what, fence);
    return reply;
  }

  async readAll(key: string): Promise<readonly JsonValue[]> {
    const values = await this.#connection.call(`reading ${key}`, (client) =>
      client.lrange(this.#listOf(key), 0, -1),
    );
    return values.map(parsed);
  }

  listKeys(prefix: string): Promise<readonly string[]> {
    return this.#connection.call(`listing ${prefix}`, (client) => {
      const start = Buffer.from(`[${prefix}`);
      // 0xff is no byte of UTF-8: the bound is above everything that begins with the prefix.
      const end = Buffer.concat([Buffer.from(`(${prefix}`), Buffer.of(0xff)]);
      return client.zrangebylex(this.#lists, start, end);
    });
  }

  watch(prefix: string, changed: (key: string | undefined) => void): Promise<AsyncDisposable> {
    return this.#feed.watch(prefix, changed);
  }

  async holdLease(key: string, holder: string, ttlMs: number, value: JsonValue): Promise<LeaseResult> {
    const reply = await this.#run('holdLease', `holding the lease ${key}`, [
      ...[this.#lease(key), this.#leases],
      ...[key, holder, ttlMs, JSON.stringify(value), this.#channel],
    ]);
    assert(Array.isArray(reply));
    const [epoch, otherHolder, remainingMs] = reply as unknown[];
    if (epoch === -1)
      return { kind: 'refused', holder: String(otherHolder), remainingMs: Number(remainingMs) };
    return { kind: 'held', epoch: Number(epoch) };
  }

  async readLease(key: string): ReturnType<StateStore['readLease']> {
    const reply = await this.#run('readLease', `reading the lease ${key}`, [this.#lease(key)]);
    assert(Array.isArray(reply));
    const [holder, epoch, value, remainingMs] = reply as [string, number, string, number] | [undefined?];
    if (holder === undefined) return undefined;
    return { holder, epoch, value: parsed(value), remainingMs };
  }

  async releaseLease(key: string, holder: string): Promise<boolean> {
    const script = [this.#lease(key), key, holder, this.#channel];
    return (await this.#run('releaseLease', `releasing the lease ${key}`, script)) === 1;
  }

  async close(): Promise<void> {
    await this.#feed.close();
    this.#connection.close();
  }

  #record(key: string): string {
    return `${this.#prefix}record:${key}`;
  }

  #listOf(key: string): string {
    return `${this.#prefix}list:${key}`;
  }

  #lease(key: string): string {
    return `${this.#prefix}lease:${key}`;
  }

  #run(name: ScriptName, what: string, keysAndArguments: readonly ScriptArgument[]): Promise<unknown> {
    return this.#connection.call(what, (client) => {
      const defined = client as Redis & Record<string, (...all: ScriptArgument[]) => Promise<unknown>>;
      return defined[command(name)]!(...keysAndArguments);
    });
  }
}

/** The client has commands of these names already. */
function command(script: string): string {
  return `script:${script}`;
}

function versioned(version: unknown, value: unknown): Versioned {
  return { version: Number(version), value: parsed(String(value)) };
}

/**
 * What is not JSON was not written by us. It reads as null, which is no record: one of them must not hide all
 * others.
 */
function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

function writeResult(reply: unknown): WriteResult {
  assert(Array.isArray(reply));
  const [version, foundVersion, foundValue] = reply as unknown[];
  if (version === -1) return { kind: 'conflict', found: versioned(foundVersion, foundValue) };
  if (version === -2) return { kind: 'conflict', found: undefined };
  return { kind: 'written', version: Number(version) };
}
