import type { ConnectionPool, Consumer } from '@platformatic/kafka';
import {
  backoffMs,
  type Deferred,
  deferred,
  GatewayError,
  type RandomSource,
  throwIfAborted,
} from '../../../base/index.ts';
import { streamUnknown } from '../faults.ts';
import type { Tail, TailListener } from './broker.ts';
import { hasApiCode, isTopicUnknown, storageClosed, storageUnavailable } from './faults.ts';
import type { ClientDeps } from './kafka-producer.ts';
import type { PartitionRecord } from './record.ts';

/** How long the broker holds a fetch at the end of a partition. */
const tailWaitMs = 500;
const tailBytesMax = 2 * 1024 * 1024;
const earliest = -2n;
const latest = -1n;
const retry = { firstMs: 20, maxMs: 500, factor: 2, jitter: 0.5 };

export interface FetcherDeps extends ClientDeps {
  readonly random: RandomSource;
}

interface Fetch {
  readonly topic: string;
  readonly from: number;
  readonly bytesMax: number;
  readonly waitMs: number;
  /** Default: the pool that all reads share. */
  readonly pool: ConnectionPool | undefined;
}

/**
 * Reads partitions. Each fetch names its offset, so no consumer position can be lost, and nothing is fetched
 * without a request. It uses the consumer of @platformatic/kafka without joining a group. A tail has a
 * connection of its own, because the broker answers the requests of one connection in order.
 */
export class KafkaFetcher {
  readonly #deps: FetcherDeps;
  readonly #kafka: typeof import('@platformatic/kafka');
  readonly #consumer: Consumer;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<Deferred<never>>();
  readonly #tails = new Set<Tail>();

  private constructor(deps: FetcherDeps, kafka: typeof import('@platformatic/kafka')) {
    this.#deps = deps;
    this.#kafka = kafka;
    this.#consumer = new kafka.Consumer({
      ...this.#connection(),
      clientId: 'egret-dlog',
      groupId: 'egret-dlog',
      bootstrapBrokers: deps.address.split(','),
      timeout: deps.limits.requestMs,
      retries: 1,
      retryDelay: retry.firstMs,
      autocreateTopics: false,
    });
  }

  /** Resolves once a broker has answered. Rejects with `STORAGE_UNAVAILABLE`. */
  static async open(deps: FetcherDeps): Promise<KafkaFetcher> {
    const fetcher = new KafkaFetcher(deps, await import('@platformatic/kafka'));
    try {
      await fetcher.#within(deps.limits.connectMs, fetcher.#consumer.metadata({ topics: [] }));
      return fetcher;
    } catch (error) {
      await fetcher.close();
      throw storageUnavailable(deps.address, 'no connection', error);
    }
  }

  async watermarks(topic: string): Promise<{ readonly low: number; readonly high: number }> {
    const [low, high] = await this.#persistently(topic, `the end of ${topic}`, () =>
      Promise.all([this.#offset(topic, earliest), this.#offset(topic, latest)]),
    );
    return { low, high };
  }

  read(topic: string, from: number, bytesMax: number): Promise<readonly PartitionRecord[]> {
    return this.#persistently(topic, `record ${from} of ${topic}`, async () => {
      const records = await this.#fetch({ topic, from, bytesMax, waitMs: 0, pool: undefined });
      return records.length === 0 ? undefined : records;
    });
  }

  follow(topic: string, from: number, listener: TailListener): Tail {
    const closing = new AbortController();
    const pool = new this.#kafka.ConnectionPool('egret-dlog', this.#connection());
    const following = this.#follow({ topic, from, pool, signal: closing.signal }, listener).catch(
      (error: unknown) => {
        if (!closing.signal.aborted) listener.failed(error as Error);
      },
    );
    const tail: Tail = {
      close: async () => {
        if (!this.#tails.delete(tail)) return;
        closing.abort(storageClosed());
        await pool.close();
        await following;
      },
    };
    this.#tails.add(tail);
    return tail;
  }

  async close(): Promise<void> {
    this.#closing.abort(storageClosed());
    for (const waiting of this.#waiting) waiting.reject(this.#closing.signal.reason);
    await Promise.all([...this.#tails].map((tail) => tail.close()));
    await this.#consumer.close();
  }

  async #follow(
    at: { readonly topic: string; from: number; readonly pool: ConnectionPool; readonly signal: AbortSignal },
    listener: TailListener,
  ): Promise<void> {
    const { clock, random } = this.#deps;
    const { topic, pool, signal } = at;
    let from = at.from;
    let failures = 0;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        const fetch = { topic, from, bytesMax: tailBytesMax, waitMs: tailWaitMs, pool };
        for (const record of await this.#fetch(fetch)) {
          if (isOver()) return;
          listener.record(record);
          from = record.offset + 1;
        }
        failures = 0;
      } catch (error) {
        if (isOver()) return;
        this.#checkRetryable(error, topic, `the records of ${topic}`);
        await clock.sleep(backoffMs(failures++, retry, random), signal).catch(() => undefined);
      }
    }
  }

  async #offset(topic: string, timestamp: bigint): Promise<number> {
    const found = await this.#consumer.listOffsets({
      topics: [topic],
      partitions: { [topic]: [0] },
      timestamp,
    });
    return Number(found.get(topic)![0]);
  }

  async #fetch({ topic, from, bytesMax, waitMs, pool }: Fetch): Promise<PartitionRecord[]> {
    const facts = (await this.#consumer.metadata({ topics: [topic] })).topics.get(topic)!;
    const partition = {
      partition: 0,
      fetchOffset: BigInt(from),
      partitionMaxBytes: bytesMax,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    };
    const response = await this.#consumer.fetch({
      node: facts.partitions[0]!.leader,
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: bytesMax,
      topics: [{ topicId: facts.id, partitions: [partition] }],
      ...(pool === undefined ? {} : { connectionPool: pool }),
    });
    return recordsOf(response, from);
  }

  /** Repeats the request until it returns something or `requestMs` have passed. */
  async #persistently<T>(topic: string, what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const { clock, limits, random, address } = this.#deps;
    const deadlineMs = clock.monotonicMs() + limits.requestMs;
    for (let tries = 0; ; tries++) {
      let cause: unknown;
      try {
        const found = await this.#within(deadlineMs - clock.monotonicMs(), ask());
        if (found !== undefined) return found;
      } catch (error) {
        this.#checkRetryable(error, topic, what);
        cause = error;
      }
      if (clock.monotonicMs() >= deadlineMs) throw storageUnavailable(address, what, cause);
      await clock.sleep(backoffMs(tries, retry, random), this.#closing.signal);
    }
  }

  /**
   * Rejects when the work takes longer than the limit, or when everything is closed. The late result is
   * discarded.
   */
  async #within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    throwIfAborted(this.#closing.signal);
    const over = deferred<never>();
    this.#waiting.add(over);
    const limit = this.#deps.clock.after(Math.max(1, limitMs), () => over.reject(timedOut(limitMs)));
    try {
      return await Promise.race([work, over.promise]);
    } finally {
      limit[Symbol.dispose]();
      this.#waiting.delete(over);
    }
  }

  /**
   * Throws for errors that a retry cannot fix. For the others it clears the cached leaders and topics, so
   * that the retry asks for them again.
   */
  #checkRetryable(error: unknown, topic: string, what: string): void {
    if (error instanceof GatewayError && error.code === 'ABORTED') throw error;
    throwIfAborted(this.#closing.signal);
    if (hasApiCode(error, 'OFFSET_OUT_OF_RANGE'))
      throw new GatewayError('LOG_GAP', `${topic}: ${what} is not kept any more`, { cause: error });
    this.#consumer.clearMetadata();
    if (isTopicUnknown(error)) throw streamUnknown(topic, error);
  }

  #connection(): { readonly connectTimeout: number; readonly requestTimeout: number } {
    const { connectMs, requestMs } = this.#deps.limits;
    return { connectTimeout: connectMs, requestTimeout: requestMs };
  }
}

function recordsOf({ responses }: Awaited<ReturnType<Consumer['fetch']>>, from: number): PartitionRecord[] {
  const found: PartitionRecord[] = [];
  for (const { firstOffset, records } of responses[0]?.partitions[0]?.records ?? []) {
    const base = Number(firstOffset);
    for (const { offsetDelta, key, value } of records) {
      const offset = base + offsetDelta;
      // The broker returns whole batches, so the first one may begin before `from`.
      if (offset >= from) found.push({ offset, key: key ?? undefined, value: value ?? Buffer.alloc(0) });
    }
  }
  return found;
}

function timedOut(limitMs: number): GatewayError {
  return new GatewayError('TIMED_OUT', `no answer within ${Math.round(limitMs)} ms`, { retryable: true });
}
