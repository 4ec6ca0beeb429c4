import type { Entry } from '../../format/entry.ts';
import { parseEntry } from '../../format/entry.ts';
import { corrupt, segmentMissing } from '../faults.ts';
import type { SeekBy, SegmentReader, StandingSeal, StoredSegment } from '../storage.ts';
import type { KafkaBrokers } from './broker.ts';
import type { FoldedSegment } from './fold.ts';
import { withinBytes } from './recent-entries.ts';
import { decodeKey, type PartitionRecord } from './record.ts';
import type { StreamView } from './stream-view.ts';

const recordsAtOnceMax = 256;
/** Jumps to an entry's place, after which it is looked for record by record. */
const jumpsMax = 64;

/**
 * Reads a segment's entries out of its partition. Between them lie records of others (notes, checkpoints, what fenced owners
 * wrote), so an entry's place is looked for: it is at least as far behind the segment's header as its number says.
 */
export class KafkaSegmentReader implements SegmentReader {
  readonly #kafka: KafkaBrokers;
  readonly #view: StreamView;
  readonly #segment: FoldedSegment;
  readonly #incarnation: string;
  readonly #following: Disposable | undefined;
  /** What was read further than was asked for, and the place behind it. */
  #ahead: Entry[] = [];
  #aheadTo: { readonly entry: number; readonly offset: number };

  constructor(
    kafka: KafkaBrokers,
    parts: {
      readonly view: StreamView;
      readonly segment: FoldedSegment;
      readonly following: Disposable | undefined;
    },
  ) {
    this.#kafka = kafka;
    this.#view = parts.view;
    this.#segment = parts.segment;
    this.#following = parts.following;
    this.#incarnation = parts.view.fold.origin!.incarnation;
    this.#aheadTo = { entry: 0, offset: parts.segment.base + 1 };
  }

  get segment(): StoredSegment {
    const { header, seed, sealed } = this.#segment;
    return { header, seed, sealed };
  }

  async read(from: number, bytesMax: number): Promise<readonly Entry[]> {
    const { fault } = this.#view;
    if (fault !== undefined && this.#segment.sealed === undefined) throw fault;
    const limit = this.#limit;
    if (from >= limit) return [];
    const { lssn } = this.#segment.header;
    const recent = this.#view.recent.from(lssn, from, bytesMax);
    if (recent !== undefined) return recent;
    const index = this.#ahead.findIndex((entry) => entry.entry === from);
    if (index !== -1) return this.#handOut(this.#ahead.slice(index), bytesMax);
    if (this.#aheadTo.entry !== from) this.#aheadTo = { entry: from, offset: await this.#placeOf(from) };
    return this.#handOut(await this.#fetch(limit, bytesMax), bytesMax);
  }

  passed(entries: readonly Entry[]): void {
    this.#ahead = [];
    const { entry, offset } = this.#aheadTo;
    // A place that is too early is no fault: what lies before is passed over.
    if (entries[0]?.entry === entry)
      this.#aheadTo = { entry: entry + entries.length, offset: offset + entries.length };
  }

  /** A binary search: neither value decreases in a segment. */
  async seek({ field, value }: SeekBy): Promise<number> {
    const { tally, sealed } = this.#segment;
    const last = sealed?.seal ?? tally!;
    const limit = this.#limit;
    if (limit === 0) return 0;
    if ((field === 'writtenAtMs' ? last.lastWrittenAtMs : last.lastTransactionId) < value) return limit;
    let low = 0;
    let high = limit;
    while (low < high) {
      const middle = (low + high) >> 1;
      const [entry] = await this.read(middle, 1);
      if (entry![field] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  refresh(): Promise<StandingSeal | undefined> {
    const { header, sealed } = this.#segment;
    if (this.#view.fault !== undefined) return Promise.reject(this.#view.fault);
    const isThere = this.#view.fold.segments.get(header.lssn) === this.#segment;
    if (sealed === undefined && !isThere)
      return Promise.reject(segmentMissing(this.#view.fold.stream, header.lssn));
    return Promise.resolve(sealed);
  }

  close(): Promise<void> {
    this.#following?.[Symbol.dispose]();
    return Promise.resolve();
  }

  get #limit(): number {
    const { tally, sealed } = this.#segment;
    return sealed?.seal.entries ?? tally!.entries;
  }

  #handOut(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
    const given = withinBytes(entries, bytesMax);
    this.#ahead = entries.slice(given.length);
    return given;
  }

  /** Entries from `#aheadTo` on, at least one. */
  async #fetch(limit: number, bytesMax: number): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    let { entry, offset } = this.#aheadTo;
    while (entry === this.#aheadTo.entry && offset < this.#end) {
      for (const record of await this.#records(offset, bytesMax)) {
        const found = this.#entryOf(record);
        offset = record.offset + 1;
        if (found === undefined || found.entry < entry || entry >= limit) continue;
        if (found.entry > entry) break;
        entries.push(found);
        entry += 1;
      }
    }
    this.#aheadTo = { entry, offset };
    if (entries.length === 0) throw this.#unreadable(entry);
    return entries;
  }

  async #placeOf(number: number): Promise<number> {
    let offset = this.#segment.base + 1 + number;
    for (let jumps = 0; jumps < jumpsMax && offset < this.#end; jumps++) {
      const [record] = await this.#kafka.read(this.#view.topic, offset, 1);
      const found = this.#entryOf(record!);
      if (found?.entry === number) return offset;
      if (found !== undefined && found.entry > number) break;
      offset += found === undefined ? 1 : number - found.entry;
    }
    return this.#segment.base + 1;
  }

  #records(offset: number, bytesMax: number): Promise<readonly PartitionRecord[]> {
    const { tally, sealed } = this.#segment;
    const { bytes, entries } = sealed?.seal ?? tally!;
    const wanted = Math.ceil((bytesMax * Math.max(1, entries)) / Math.max(1, bytes));
    const count = Math.max(1, Math.min(wanted, recordsAtOnceMax, this.#end - offset));
    return this.#kafka.read(this.#view.topic, offset, count);
  }

  /** No record at or behind this place is an entry, or is read yet. */
  get #end(): number {
    return this.#segment.end ?? this.#view.fold.next;
  }

  #entryOf({ key, value }: PartitionRecord): Entry | undefined {
    const stamp = decodeKey(key);
    const { header, seed } = this.#segment;
    const isOurs =
      stamp?.kind === 'entry' &&
      stamp.lssn === header.lssn &&
      stamp.epoch === header.epoch &&
      stamp.token === header.token &&
      stamp.incarnation === this.#incarnation;
    if (!isOurs) return undefined;
    const entry = parseEntry(value, 0, seed);
    return typeof entry === 'object' && entry.bytes === value.length ? entry : undefined;
  }

  #unreadable(entry: number): Error {
    const { header } = this.#segment;
    return corrupt(
      { stream: this.#view.fold.stream, lssn: header.lssn },
      `entry ${entry} of ${this.#limit} cannot be read`,
    );
  }
}
