import {
  type Clock,
  type Deferred,
  deferred,
  describeError,
  errorCode,
  GatewayError,
  type Logger,
} from '../../../base/index.ts';
import { streamUnknown } from '../faults.ts';
import type { KafkaBrokers, KafkaLimits, Tail } from './broker.ts';
import { encodeCheckpoint } from './checkpoint.ts';
import { storageUnavailable } from './faults.ts';
import type { StreamFold } from './fold.ts';
import { loadFold, readOn } from './load-fold.ts';
import { RecentEntries } from './recent-entries.ts';
import { encodeKey, type PartitionRecord, type Stamp } from './record.ts';
import { checkTopic, recordBytesMax, type TopicFacts } from './topic.ts';

export interface ViewDeps {
  readonly kafka: KafkaBrokers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: KafkaLimits;
}

/** The writer makes the next checkpoint after this many bytes behind the last one. */
const checkpointEveryBytes = 8 * 1024 * 1024;
/**
 * How long a partition is still followed after its last follower has left: segments change, and a reader
 * comes and goes.
 */
const lingerMs = 5000;

/**
 * One stream as this process sees it: the fold over its partition, brought up to the end when asked
 * (`refresh`), and followed by one consumer while this process writes it or reads at its end.
 *
 *     open ──> broken      the partition went back, or following it failed: open another view
 *       └────> closed
 */
export class StreamView {
  readonly fold: StreamFold;
  readonly topic: string;
  readonly facts: TopicFacts;
  readonly recent = new RecentEntries();
  readonly #deps: ViewDeps;
  readonly #listeners = new Set<() => void>();
  readonly #waiting: { readonly to: number; readonly reached: Deferred<undefined> }[] = [];
  #fault: GatewayError | undefined;
  #tail: Tail | undefined;
  #followers = 0;
  #lingering: Disposable | undefined;
  #reading: Promise<void> | undefined;
  #isMakingCheckpoint = false;

  private constructor(
    deps: ViewDeps,
    topic: string,
    parts: { readonly fold: StreamFold; readonly facts: TopicFacts },
  ) {
    this.#deps = deps;
    this.topic = topic;
    this.fold = parts.fold;
    this.facts = parts.facts;
  }

  /**
   * Rejects with `STREAM_UNKNOWN` when there is no topic, `STORAGE_UNFIT` when it is none for a stream,
   * `STORAGE_UNAVAILABLE`.
   */
  static async open(deps: ViewDeps, stream: string, topic: string): Promise<StreamView> {
    const facts = await deps.kafka.topic(topic);
    if (facts === undefined) throw streamUnknown(stream);
    checkTopic(topic, facts);
    return new StreamView(deps, topic, { facts, fold: await loadFold(deps.kafka, stream, topic) });
  }

  get fault(): GatewayError | undefined {
    return this.#fault;
  }

  /** Whether the view has no follower, no listener and no read in progress. */
  get isIdle(): boolean {
    return this.#followers === 0 && this.#listeners.size === 0 && this.#reading === undefined;
  }

  /** Brings the fold up to the end that the partition had when this was called, or further. */
  async refresh(): Promise<void> {
    // The answer describes a later moment than this one, and the fold may be further by the time it arrives.
    const known = this.fold.next;
    const { low, high } = await this.#deps.kafka.watermarks(this.topic);
    if (high < known)
      this.#break(new GatewayError('LOG_GAP', `${this.topic} ends at ${high}, it had ${known} records`));
    if (low > this.fold.next) this.#break(new GatewayError('LOG_GAP', `${this.topic} begins at ${low} now`));
    await this.#reach(high);
  }

  /** Appends a record and reads it back. Returns its offset; the fold is behind it by then. */
  async write(stamp: Omit<Stamp, 'incarnation' | 'checkpoint'> | Stamp, value: Buffer): Promise<number> {
    const incarnation = 'incarnation' in stamp ? stamp.incarnation : this.fold.origin!.incarnation;
    const { checkpoint } = this.fold;
    const key = encodeKey(
      { ...stamp, incarnation, ...(checkpoint === undefined ? {} : { checkpoint }) },
      value,
    );
    const offset = await new Promise<number>((resolve, reject) => {
      this.#deps.kafka.produce(this.topic, { key, value }, (error, at) =>
        error === undefined ? resolve(at) : reject(error),
      );
    });
    await this.#reach(offset + 1).catch((error: unknown) => {
      throw errorCode(error) === 'LOG_GAP' ? cutOffBefore(this.topic, offset, error) : error;
    });
    return offset;
  }

  /** Calls back after each record and when it breaks, until disposed. */
  listen(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Follows the partition until disposed. */
  async follow(): Promise<Disposable> {
    this.#followers += 1;
    this.#lingering?.[Symbol.dispose]();
    let isOver = false;
    const following = {
      [Symbol.dispose]: (): void => {
        if (isOver) return;
        isOver = true;
        this.#followers -= 1;
        if (this.#followers === 0)
          this.#lingering = this.#deps.clock.after(lingerMs, () => this.#stopFollowing());
      },
    };
    try {
      while (this.#tail === undefined && this.#reading !== undefined)
        await this.#reading.catch(() => undefined);
      this.#tail ??= this.#startTail();
      return following;
    } catch (error) {
      following[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Writes a checkpoint when one is due. No caller waits for it: without it, the next open of the stream only
   * reads more.
   */
  makeCheckpointWhenDue(): void {
    if (this.fold.bytesSinceCheckpoint < checkpointEveryBytes || this.#isMakingCheckpoint) return;
    if (this.fold.unreadable.length > 0) return;
    this.#isMakingCheckpoint = true;
    const done = (error?: unknown): void => {
      this.#isMakingCheckpoint = false;
      if (error !== undefined)
        this.#deps.log.warn({
          event: 'dlog.kafka-no-checkpoint',
          topic: this.topic,
          error: describeError(error),
        });
    };
    this.makeCheckpoint().then(() => done(), done);
  }

  /** Writes a checkpoint. Returns the offset up to which it covers everything. */
  async makeCheckpoint(): Promise<number> {
    const upTo = this.fold.next;
    const value = encodeCheckpoint(this.fold);
    if (value.length > recordBytesMax)
      throw new GatewayError(
        'STORAGE_UNFIT',
        `${this.topic}: its ${this.fold.segments.size} segments do not fit into a checkpoint; cut the stream off`,
      );
    await this.write({ kind: 'checkpoint', epoch: 0, token: noToken, lssn: 0 }, value);
    return upTo;
  }

  async close(): Promise<void> {
    this.#fault ??= new GatewayError('ABORTED', `${this.topic}: the storage was closed`);
    this.#tell();
    this.#lingering?.[Symbol.dispose]();
    const tail = this.#tail;
    this.#tail = undefined;
    await tail?.close();
  }

  #startTail(): Tail {
    return this.#deps.kafka.follow(this.topic, this.fold.next, {
      record: (record) => this.#take(record),
      failed: (error) => {
        this.#fault ??= asFault(error);
        this.#tell();
      },
    });
  }

  #stopFollowing(): void {
    const tail = this.#tail;
    this.#tail = undefined;
    this.recent.clear();
    void tail?.close();
  }

  /** Waits for the tail, or reads what is missing. */
  async #reach(to: number): Promise<void> {
    while (this.fold.next < to && this.#fault === undefined) {
      if (this.#tail !== undefined) await this.#tailed(to);
      else {
        this.#reading ??= this.#read(to);
        await this.#reading;
      }
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  async #read(to: number): Promise<void> {
    try {
      await readOn(this.#deps.kafka, { topic: this.topic, from: this.fold.next, to }, (record) =>
        this.#take(record),
      );
    } finally {
      this.#reading = undefined;
    }
  }

  async #tailed(to: number): Promise<void> {
    const reached = deferred<undefined>();
    const waiting = { to, reached };
    this.#waiting.push(waiting);
    const { clock, limits, kafka } = this.#deps;
    const limit = clock.after(limits.deliveryMs, () =>
      reached.reject(
        storageUnavailable(kafka.address, `record ${to - 1} of ${this.topic} did not come back`),
      ),
    );
    try {
      await reached.promise;
    } finally {
      limit[Symbol.dispose]();
      const index = this.#waiting.indexOf(waiting);
      if (index !== -1) this.#waiting.splice(index, 1);
    }
  }

  #take(record: PartitionRecord): void {
    if (record.offset < this.fold.next || this.#fault !== undefined) return;
    if (record.offset > this.fold.next)
      this.#fault = new GatewayError(
        'LOG_GAP',
        `${this.topic}: record ${this.fold.next} is not kept any more`,
      );
    const entry = this.#fault === undefined ? this.fold.apply(record) : undefined;
    if (entry !== undefined && this.#tail !== undefined) this.recent.add(lssnOf(record), entry);
    this.#tell();
  }

  #break(fault: GatewayError): never {
    this.#fault ??= fault;
    this.#tell();
    throw fault;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
    for (const { to, reached } of [...this.#waiting]) {
      if (this.#fault !== undefined || this.fold.next >= to) reached.resolve(undefined);
    }
  }
}

const noToken = '0'.repeat(16);

/**
 * The stream has no gap: this process was so slow that others had deleted the records that it was about to
 * read. A new view begins behind them.
 */
function cutOffBefore(topic: string, offset: number, cause: unknown): GatewayError {
  return new GatewayError(
    'STORAGE_UNAVAILABLE',
    `${topic}: record ${offset} was written, but could not be read back because the records before it were deleted: retry`,
    { cause, retryable: true, facts: { topic, offset } },
  );
}

function lssnOf({ key }: PartitionRecord): number {
  return key!.readUInt32LE(32) + key!.readUInt32LE(36) * 0x1_0000_0000;
}

function asFault(error: Error): GatewayError {
  return error instanceof GatewayError
    ? error
    : new GatewayError('STORAGE_UNAVAILABLE', error.message, { cause: error, retryable: true });
}
