import assert from 'node:assert/strict';
import { join } from 'node:path';
import { silentLog, systemClock, systemRandom } from '../../src/base/index.ts';
import { openRedisStore, type PrivateRedis, startPrivateRedis } from '../../src/coordination/index.ts';
import { DistributedLog, LocalStorage, LogPush, type LogWriter } from '../../src/dlog/index.ts';
import type { OpenSubject, Subject } from './subject.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog };

/** The log in this process: no network between a record and the disk. */
export function embedded(durability: 'fsync' | 'os'): Subject {
  const level = durability === 'fsync' ? 'disk' : 'page cache';
  return {
    name: 'dlog embedded',
    level,
    open: (scratch, streams) => Embedded.open(scratch, streams, durability),
  };
}

interface OpenedLog {
  readonly log: DistributedLog;
  readonly close: () => Promise<void>;
}

/** A Redis, and the log in `scratch`. */
export async function openLog(scratch: string): Promise<OpenedLog & { readonly redis: PrivateRedis }> {
  const redis = await startPrivateRedis({ dir: join(scratch, 'redis'), ...parts });
  const opened = await openLogOn(scratch, redis.url);
  const close = async (): Promise<void> => {
    await opened.close();
    await redis.close();
  };
  return { log: opened.log, redis, close };
}

/** The same log, of another process perhaps. */
export async function openLogOn(scratch: string, redisUrl: string): Promise<OpenedLog> {
  const store = await openRedisStore({ url: redisUrl, keyPrefix: 'bench:', ...parts });
  const storage = new LocalStorage({ directory: join(scratch, 'log'), random: systemRandom });
  return { log: new DistributedLog({ ...parts, storage, store }), close: () => store.close() };
}

export const streamName = (stream: number): string => `bench/stream-${stream}`;

export class Embedded implements OpenSubject {
  readonly pids: readonly number[];
  /** Written so far, of all streams: how large the groups were follows from it. */
  entries = 0;
  readonly #lastEntries: number[] = [];
  readonly #log: DistributedLog;
  readonly #writers: readonly LogWriter[];
  readonly #close: () => Promise<void>;

  private constructor(
    opened: {
      readonly log: DistributedLog;
      readonly redis: PrivateRedis;
      readonly close: () => Promise<void>;
    },
    writers: readonly LogWriter[],
  ) {
    this.pids = [opened.redis.pid];
    this.#log = opened.log;
    this.#close = opened.close;
    this.#writers = writers;
  }

  static async open(scratch: string, streams: number, durability: 'fsync' | 'os'): Promise<Embedded> {
    const opened = await openLog(scratch);
    const writers: LogWriter[] = [];
    for (let stream = 0; stream < streams; stream++) {
      await opened.log.createStream(streamName(stream));
      const result = await opened.log.openWriter(streamName(stream), { durability });
      assert(result.kind === 'opened', result.kind);
      writers.push(result.writer);
    }
    return new Embedded(opened, writers);
  }

  async append(stream: number, payload: Buffer): Promise<void> {
    const outcome = await this.#writers[stream]!.append(payload);
    if (outcome.kind !== 'committed') throw new Error(outcome.kind);
    if (outcome.dlsn.entry === this.#lastEntries[stream]) return;
    this.#lastEntries[stream] = outcome.dlsn.entry;
    this.entries += 1;
  }

  async tail(stream: number, onRecord: (payload: Uint8Array) => void): Promise<AsyncDisposable> {
    const reader = await this.#log.openReader(streamName(stream), 'latest');
    const ending = new AbortController();
    const push = new LogPush(reader, (result) => {
      if (result.kind !== 'records') return;
      for (const { payload } of result.records) onRecord(payload);
      push.grant(result.records.length);
    });
    push.grant(100_000);
    const running = push.run(ending.signal).catch(() => undefined);
    return {
      [Symbol.asyncDispose]: async () => {
        ending.abort();
        await running;
        await reader.close();
      },
    };
  }

  async close(): Promise<void> {
    for (const writer of this.#writers) await writer.close();
    await this.#close();
  }
}
