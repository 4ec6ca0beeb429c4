import {
  type Clock,
  describeError,
  errorCode,
  type JsonValue,
  type Logger,
  type RandomSource,
} from '../../../base/index.ts';
import { compareDlsn, type Dlsn } from '../../format/dlsn.ts';
import type { Durability, SegmentHeader } from '../../format/segment-header.ts';
import { noteFileName } from '../notes.ts';
import type {
  FenceResult,
  Inspected,
  LogStorage,
  Permit,
  SegmentAppender,
  SegmentReader,
  StandingSeal,
  StoredSegment,
} from '../storage.ts';
import { type KafkaBrokers, type KafkaLimits, kafkaLimits } from './broker.ts';
import { recordTooLarge } from './faults.ts';
import type { StreamFold } from './fold.ts';
import { inspected } from './inspect.ts';
import { createSegment, openSegment, recoverSegment, storedSegments } from './kafka-segments.ts';
import type { RecordKind } from './record.ts';
import { StreamTopics, type StreamTopicsOptions } from './stream-topics.ts';
import type { StreamView, ViewDeps } from './stream-view.ts';
import { StreamViews } from './stream-views.ts';
import { recordBytesMax } from './topic.ts';
import { closedWithin } from './within.ts';

export interface KafkaStorageDeps {
  /** The storage takes ownership of it, and closes it. */
  readonly kafka: KafkaBrokers;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly limits?: Partial<KafkaLimits>;
}

const noToken = '0'.repeat(16);

/**
 * Streams as topics of Kafka, of one partition each, for any number of processes.
 *
 * The partition is the only state: fences, segments, entries, seals, the mark and the notes are records of
 * it, and their order alone decides what counts (`StreamFold`). A new owner writes its fence and reads it
 * back. From there on all readers drop what the old owner still writes, and the old owner, which acknowledges
 * only what it has read back itself, reads the fence first. Checkpoints summarize the records before them, so
 * that these can be deleted and need not be read again.
 */
export class KafkaStorage implements LogStorage {
  readonly durabilities: readonly Durability[];
  readonly #deps: KafkaStorageDeps;
  readonly #viewDeps: ViewDeps;
  readonly #topics: StreamTopics;
  readonly #views: StreamViews;

  constructor(deps: KafkaStorageDeps, options: StreamTopicsOptions) {
    this.#deps = deps;
    this.#viewDeps = { ...deps, limits: { ...kafkaLimits, ...deps.limits } };
    this.#topics = new StreamTopics(this.#viewDeps, options);
    this.#views = new StreamViews(this.#viewDeps, (stream) => this.#topics.of(stream));
    this.durabilities = this.#topics.durabilities;
  }

  async createStream(stream: string, settings: JsonValue): Promise<'created' | 'exists'> {
    const topic = this.#topics.of(stream);
    await this.#topics.create(topic);
    // A caller that opened the view before the topic existed receives STREAM_UNKNOWN; this caller must not.
    await this.#views.opened(stream);
    const view = await this.#views.refreshed(stream);
    if (view.fold.origin !== undefined) return 'exists';
    const incarnation = this.#deps.random.uuid().replaceAll('-', '').slice(0, 16);
    const value = sized(topic, Buffer.from(JSON.stringify({ settings })));
    await view.write(
      { kind: 'origin', incarnation, epoch: 0, token: noToken, lssn: 0, checkpoint: undefined },
      value,
    );
    // If several processes create the stream at once, the first record decides.
    return (view.fold.origin as StreamFold['origin'])?.incarnation === incarnation ? 'created' : 'exists';
  }

  async settings(stream: string): Promise<JsonValue> {
    return (await this.#views.whole(stream)).fold.origin!.settings;
  }

  namespaces(): Promise<readonly string[]> {
    return this.#topics.namespaces();
  }

  streams(namespace: string): Promise<readonly string[]> {
    return this.#topics.streams(namespace);
  }

  /**
   * Writes a record of the deletion, and deletes all records before it. The topic stays, empty, because
   * clients of other processes know it.
   */
  async deleteStream(stream: string): Promise<boolean> {
    let view: StreamView;
    try {
      view = await this.#views.stream(stream);
    } catch (error) {
      if (errorCode(error) === 'STREAM_UNKNOWN') return false;
      throw error;
    }
    const at = await view.write(plainStamp('deletion'), Buffer.alloc(0));
    await this.#freeSpace(view, at + 1);
    return true;
  }

  async fence(permit: Permit): Promise<FenceResult> {
    const view = await this.#views.stream(permit.stream);
    const { fold } = view;
    const isNew = permit.epoch > fold.promised.epoch;
    if (isNew)
      await view.write({ ...plainStamp('fence'), epoch: permit.epoch, token: permit.token }, Buffer.alloc(0));
    return fold.isInForce(permit) ? { kind: 'granted' } : { kind: 'refused', promised: fold.promised.epoch };
  }

  async segments(stream: string): Promise<readonly StoredSegment[]> {
    return storedSegments((await this.#views.whole(stream)).fold);
  }

  async createSegment(permit: Permit, header: SegmentHeader): Promise<SegmentAppender> {
    return createSegment(this.#viewDeps, await this.#views.whole(permit.stream), { permit, header });
  }

  async recoverSegment(permit: Permit, lssn: number, sealedAtMs: number): Promise<StandingSeal> {
    return recoverSegment(await this.#views.whole(permit.stream), permit, { lssn, sealedAtMs });
  }

  async openSegment(stream: string, lssn: number): Promise<SegmentReader> {
    // A sealed segment does not change, so a sequential reader need not request the end of the partition for
    // each segment.
    const known = await this.#views.known(stream);
    const isSealed =
      known?.fold.unreadable.length === 0 && known.fold.segments.get(lssn)?.sealed !== undefined;
    const view = isSealed ? known : await this.#views.whole(stream);
    return openSegment(this.#deps.kafka, view, lssn);
  }

  /** Removes the segment, and frees the space up to the first segment that stays. */
  async removeSegment(stream: string, lssn: number): Promise<void> {
    const view = await this.#views.whole(stream);
    if (!view.fold.segments.has(lssn)) return;
    await view.write({ ...plainStamp('removal'), lssn }, Buffer.alloc(0));
    await this.#freeSpace(view, undefined);
  }

  /** Frees space. Whatever cannot be freed now stays hidden from readers, and the next call retries it. */
  async #freeSpace(view: StreamView, before: number | undefined): Promise<void> {
    try {
      const upTo = before ?? (await view.makeCheckpoint());
      const bases = [...view.fold.segments.values()].map(({ base }) => base);
      await this.#deps.kafka.deleteRecords(view.topic, Math.min(upTo, ...bases));
    } catch (error) {
      this.#deps.log.warn({ event: 'dlog.kafka-space-kept', topic: view.topic, error: describeError(error) });
    }
  }

  async truncate(stream: string, at: Dlsn): Promise<Dlsn> {
    const view = await this.#views.whole(stream);
    const { mark } = view.fold;
    if (mark !== undefined && compareDlsn(mark, at) >= 0) return mark;
    const { lssn, entry, slot } = at;
    await view.write(plainStamp('mark'), Buffer.from(JSON.stringify({ lssn, entry, slot })));
    return view.fold.mark!;
  }

  async truncation(stream: string): Promise<Dlsn | undefined> {
    return (await this.#views.whole(stream)).fold.mark;
  }

  async putNote(stream: string, name: string, value: JsonValue): Promise<void> {
    noteFileName(name);
    const view = await this.#views.whole(stream);
    await view.write(plainStamp('note'), sized(view.topic, Buffer.from(JSON.stringify({ name, value }))));
    view.makeCheckpointWhenDue();
  }

  async noteNames(stream: string): Promise<readonly string[]> {
    return [...(await this.#views.whole(stream)).fold.notes.keys()];
  }

  async notes(stream: string): Promise<ReadonlyMap<string, JsonValue>> {
    return new Map(
      [...(await this.#views.whole(stream)).fold.notes].sort(([left], [right]) => (left < right ? -1 : 1)),
    );
  }

  async inspect(stream: string): Promise<Inspected> {
    const { fold, topic } = await this.#views.stream(stream);
    return inspected(fold, topic);
  }

  async giveUpDamaged(stream: string): Promise<void> {
    await (await this.#views.stream(stream)).makeCheckpoint();
  }

  /**
   * Resolves within `closeMs`, whatever is in flight. Calls in flight reject with `ABORTED`, and appends as
   * any append whose fate is unknown.
   */
  async close(): Promise<void> {
    const { clock, limits } = this.#viewDeps;
    await closedWithin(clock, limits.closeMs, [...this.#views.release(), () => this.#deps.kafka.close()]);
  }
}

function plainStamp<K extends RecordKind>(
  kind: K,
): { readonly kind: K; readonly epoch: number; readonly token: string; readonly lssn: number } {
  return { kind, epoch: 0, token: noToken, lssn: 0 };
}

function sized(topic: string, value: Buffer): Buffer {
  if (value.length > recordBytesMax) throw recordTooLarge(topic, value.length, recordBytesMax);
  return value;
}
