import {
  type Clock,
  describeError,
  errorCode,
  GatewayError,
  type JsonValue,
  type Logger,
  type RandomSource,
  waitFor,
} from '../../../base/index.ts';
import { compareDlsn, type Dlsn } from '../../format/dlsn.ts';
import { encodeSeal } from '../../format/seal.ts';
import { type Durability, encodeSegmentHeader, type SegmentHeader } from '../../format/segment-header.ts';
import { checkStreamName, corrupt, fenced, segmentExists, segmentMissing } from '../faults.ts';
import { noteFileName } from '../notes.ts';
import type {
  FenceResult,
  Inspected,
  LogStorage,
  Permit,
  SegmentAppender,
  SegmentReader,
  StandingSeal,
  StoredDamage,
  StoredSegment,
} from '../storage.ts';
import type { KafkaBrokers, KafkaLimits } from './broker.ts';
import { kafkaLimits } from './broker.ts';
import { recordTooLarge } from './faults.ts';
import type { FoldedSegment, StreamFold } from './fold.ts';
import { KafkaSegmentAppender } from './kafka-appender.ts';
import { KafkaSegmentReader } from './kafka-reader.ts';
import type { RecordKind } from './record.ts';
import type { StreamView, ViewDeps } from './stream-view.ts';
import { StreamViews } from './stream-views.ts';
import { durabilitiesOf, recordBytesMax, settingsOf, streamOf, type TopicOptions, topicOf } from './topic.ts';
import { closedWithin } from './within.ts';

export interface KafkaStorageOptions extends TopicOptions {
  readonly topicPrefix: string;
}

export interface KafkaStorageDeps {
  /** The storage takes ownership of it, and closes it. */
  readonly kafka: KafkaBrokers;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly limits?: Partial<KafkaLimits>;
}

/** How often a seal is tried while entries of the owner itself still arrive in between. */
const sealTriesMax = 5;
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
  readonly #options: KafkaStorageOptions;
  readonly #views: StreamViews;

  constructor(deps: KafkaStorageDeps, options: KafkaStorageOptions) {
    this.#deps = deps;
    this.#viewDeps = { ...deps, limits: { ...kafkaLimits, ...deps.limits } };
    this.#options = options;
    this.#views = new StreamViews(this.#viewDeps, (stream) => this.#topic(stream));
    const wanted = new Map(Object.entries(settingsOf(options)));
    this.durabilities = durabilitiesOf({
      partitions: 1,
      replicas: options.replicationFactor,
      settings: wanted,
    });
  }

  async createStream(stream: string, settings: JsonValue): Promise<'created' | 'exists'> {
    const topic = this.#topic(stream);
    const { kafka, random } = this.#deps;
    if ((await kafka.topic(topic)) === undefined) {
      await kafka.createTopic(topic, this.#options.replicationFactor, settingsOf(this.#options));
      await this.#until(`topic ${topic}`, async () => (await kafka.topic(topic)) !== undefined);
    }
    // A caller that opened the view before the topic existed receives STREAM_UNKNOWN; this caller must not.
    await this.#views.opened(stream);
    const view = await this.#views.refreshed(stream);
    if (view.fold.origin !== undefined) return 'exists';
    const incarnation = random.uuid().replaceAll('-', '').slice(0, 16);
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

  async namespaces(): Promise<readonly string[]> {
    const topics = await this.#deps.kafka.topics();
    const streams = topics.map((topic) => streamOf(this.#options.topicPrefix, topic));
    return [...new Set(streams.flatMap((stream) => stream?.split('/')[0] ?? []))].sort();
  }

  async streams(namespace: string): Promise<readonly string[]> {
    checkStreamName(`${namespace}/x`);
    const { kafka } = this.#deps;
    const found: string[] = [];
    for (const topic of await kafka.topics()) {
      const stream = streamOf(this.#options.topicPrefix, topic);
      if (stream?.startsWith(`${namespace}/`) !== true) continue;
      const { low, high } = await kafka.watermarks(topic);
      if (low < high) found.push(stream);
    }
    return found.sort();
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
    const { fold } = await this.#views.whole(stream);
    return [...fold.segments.values()]
      .map((segment) => whole(stream, segment))
      .map(({ header, seed, sealed }) => ({ header, seed, sealed }))
      .sort((left, right) => left.header.lssn - right.header.lssn);
  }

  async createSegment(permit: Permit, header: SegmentHeader): Promise<SegmentAppender> {
    const { stream, epoch, token } = permit;
    const view = await this.#views.whole(stream);
    const { fold } = view;
    this.#checkDurability(view, header.durability);
    const check = (): void => {
      if (!fold.isInForce(permit)) throw fenced(permit, fold.promised.epoch);
    };
    check();
    if (fold.segments.has(header.lssn)) throw segmentExists(stream, header.lssn);
    const following = await view.follow();
    try {
      const at = await view.write(
        { kind: 'segment', epoch, token, lssn: header.lssn },
        encodeSegmentHeader(stream, header),
      );
      const segment = fold.segments.get(header.lssn);
      if (segment?.base === at) {
        view.makeCheckpointWhenDue();
        return new KafkaSegmentAppender(this.#viewDeps, { view, permit, segment, following });
      }
      check();
      throw segmentExists(stream, header.lssn);
    } catch (error) {
      following[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * After its owner's fence nothing is added to the segment: everything that counts has been read by then,
   * and the seal says how much that is.
   */
  async recoverSegment(permit: Permit, lssn: number, sealedAtMs: number): Promise<StandingSeal> {
    const { stream, epoch, token } = permit;
    const view = await this.#views.whole(stream);
    for (let tries = 0; ; tries++) {
      if (!view.fold.isInForce(permit)) throw fenced(permit, view.fold.promised.epoch);
      const found = view.fold.segments.get(lssn);
      if (found === undefined) throw segmentMissing(stream, lssn);
      const { sealed, tally, seed } = whole(stream, found);
      if (sealed !== undefined) return sealed;
      if (tries === sealTriesMax) throw fenced(permit);
      const seal = tally!.seal({ epoch, sealedAtMs, isEndOfStream: false });
      await view.write({ kind: 'seal', epoch, token, lssn }, encodeSeal(seal, seed));
    }
  }

  async openSegment(stream: string, lssn: number): Promise<SegmentReader> {
    // A sealed segment does not change, so a sequential reader need not request the end of the partition for
    // each segment.
    const known = await this.#views.known(stream);
    const isSealed =
      known?.fold.unreadable.length === 0 && known.fold.segments.get(lssn)?.sealed !== undefined;
    const view = isSealed ? known : await this.#views.whole(stream);
    const found = view.fold.segments.get(lssn);
    if (found === undefined) throw segmentMissing(stream, lssn);
    const segment = whole(stream, found);
    const following = segment.sealed === undefined ? await view.follow() : undefined;
    return new KafkaSegmentReader(this.#deps.kafka, { view, segment, following });
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
    const damage: StoredDamage[] = fold.unreadable.map(({ offset, what }) => ({
      where: `topic ${topic}`,
      place: `record ${offset}`,
      what: `${what}; reading and writing stop here`,
    }));
    const segments: StoredSegment[] = [];
    for (const { header, seed, sealed, damage: what } of fold.segments.values()) {
      if (what === undefined) segments.push({ header, seed, sealed });
      else damage.push({ where: `segment ${header.lssn}`, place: '', what: `${what}; readers stop there` });
    }
    segments.sort((left, right) => left.header.lssn - right.header.lssn);
    return { segments, lssns: [...fold.segments.keys()], damage, mark: fold.mark };
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

  #checkDurability(view: StreamView, durability: Durability): void {
    const found = durabilitiesOf(view.facts);
    if (found.includes(durability)) return;
    const remedy =
      durability === 'fsync' ? 'flush.messages=1' : 'more than one replica and min.insync.replicas=2';
    throw new GatewayError(
      'DURABILITY_UNSUPPORTED',
      `durability ${durability} is not to be had of Kafka topic ${view.topic}: it needs ${remedy}`,
      { facts: { durability, topic: view.topic, supported: found } },
    );
  }

  #topic(stream: string): string {
    checkStreamName(stream);
    return topicOf(this.#options.topicPrefix, stream);
  }

  #until(what: string, isSo: () => Promise<boolean>): Promise<true> {
    const { clock } = this.#deps;
    return waitFor(what, async () => ((await isSo()) ? true : undefined), {
      clock,
      limitMs: this.#viewDeps.limits.requestMs,
      everyMs: 20,
    });
  }
}

function plainStamp<K extends RecordKind>(
  kind: K,
): { readonly kind: K; readonly epoch: number; readonly token: string; readonly lssn: number } {
  return { kind, epoch: 0, token: noToken, lssn: 0 };
}

function whole(stream: string, segment: FoldedSegment): FoldedSegment {
  if (segment.damage !== undefined) throw corrupt({ stream, lssn: segment.header.lssn }, segment.damage);
  return segment;
}

function sized(topic: string, value: Buffer): Buffer {
  if (value.length > recordBytesMax) throw recordTooLarge(topic, value.length, recordBytesMax);
  return value;
}
