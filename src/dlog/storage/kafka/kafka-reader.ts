import type { Entry } from '../../format/entry.ts';
import { parseEntry } from '../../format/entry.ts';
import { corrupt, segmentMissing } from '../faults.ts';
import type { SeekBy, SegmentReader, StandingSeal, StoredSegment } from '../storage.ts';
import type { KafkaBrokers } from './broker.ts';
import type { FoldedSegment } from './fold.ts';
import { withinBytes } from './recent-entries.ts';
import { encodeKey, keyBytes, type PartitionRecord, writerKeyBytes } from './record.ts';
import type { StreamView } from './stream-view.ts';

/** How far ahead a sequential reader fetches; what was not requested is kept for the next read. */
const aheadBytes = 256 * 1024;
/** The overhead of a record that is a batch of its own: its headers and its key. */
const recordOverheadBytes = 128;
const noValue = Buffer.alloc(0);
/** A byte limit that yields one record, whatever its size. */
const oneRecord = 1;
/** The most jumps to an entry's place; after them the search goes record by record. */
const jumpsMax = 64;

/**
 * Reads a segment's entries out of its partition. Other records lie between them (notes, checkpoints, what
 * fenced owners wrote), so the offset of an entry must be searched for: it is at least as far behind the
 * segment's header as the entry's number.
 */
export class KafkaSegmentReader implements SegmentReader {
  readonly #kafka: KafkaBrokers;
  readonly #view: StreamView;
  readonly #segment: FoldedSegment;
  /** The common beginning of the keys of its entries. */
  readonly #keyHead: Buffer;
  readonly #following: Disposable | undefined;
  /**
   * Entries that were read and may be requested later (a reader takes only confirmed ones), and the place
   * behind them.
   */
  #ahead: readonly Entry[] = [];
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
    const { epoch, token, lssn } = parts.segment.header;
    const { incarnation } = parts.view.fold.origin!;
    this.#keyHead = encodeKey({ kind: 'entry', incarnation, epoch, token, lssn }, noValue).subarray(
      0,
      writerKeyBytes,
    );
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
    if (index > 0) this.#ahead = this.#ahead.slice(index);
    if (index !== -1) return withinBytes(this.#ahead, bytesMax);
    this.#ahead = [];
    const readsOn = this.#aheadTo.entry === from;
    if (!readsOn) this.#aheadTo = { entry: from, offset: await this.#placeOf(from) };
    this.#ahead = await this.#fetch(limit, readsOn ? this.#bytesAhead(from, bytesMax) : bytesMax);
    return withinBytes(this.#ahead, bytesMax);
  }

  passed(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    const { entry, offset } = this.#aheadTo;
    const next = entries.at(-1)!.entry + 1;
    this.#ahead = this.#ahead.filter((each) => each.entry >= next);
    // An offset that is too early is harmless: the entries before the wanted one are skipped.
    if (entries[0]?.entry === entry)
      this.#aheadTo = { entry: entry + entries.length, offset: offset + entries.length };
  }

  /** Searches in binary: neither value decreases in a segment. */
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

  /** Fetches entries from `#aheadTo` on, at least one. */
  async #fetch(limit: number, bytesMax: number): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    let { entry, offset } = this.#aheadTo;
    while (entry === this.#aheadTo.entry && offset < this.#end) {
      for (const record of await this.#kafka.read(this.#view.topic, offset, bytesMax)) {
        // Entries behind the limit may be readable, but are not yet known to be valid: the next fetch begins
        // with them.
        if (entry >= limit) break;
        const found = this.#entryOf(record);
        offset = record.offset + 1;
        if (found === undefined || found.entry < entry) continue;
        if (found.entry > entry) break;
        entries.push(found);
        entry += 1;
      }
    }
    this.#aheadTo = { entry, offset };
    if (entries.length === 0) throw this.#unreadable(entry);
    return entries;
  }

  /** Limits reading ahead to the segment, because anything fetched behind its end would be wasted. */
  #bytesAhead(from: number, bytesMax: number): number {
    const { tally, sealed } = this.#segment;
    const { bytes, entries } = sealed?.seal ?? tally!;
    const left = (entries - from) * (Math.ceil(bytes / Math.max(1, entries)) + recordOverheadBytes);
    return Math.max(bytesMax, Math.min(left, aheadBytes));
  }

  async #placeOf(number: number): Promise<number> {
    let offset = this.#segment.base + 1 + number;
    for (let jumps = 0; jumps < jumpsMax && offset < this.#end; jumps++) {
      const [record] = await this.#kafka.read(this.#view.topic, offset, oneRecord);
      const found = this.#entryOf(record!);
      if (found?.entry === number) return offset;
      if (found !== undefined && found.entry > number) break;
      offset += found === undefined ? 1 : number - found.entry;
    }
    return this.#segment.base + 1;
  }

  /** No record at or behind this offset is an entry, or has been read yet. */
  get #end(): number {
    return this.#segment.end ?? this.#view.fold.next;
  }

  #entryOf({ key, value }: PartitionRecord): Entry | undefined {
    const { seed } = this.#segment;
    const isOurs =
      key?.length === keyBytes && key.compare(this.#keyHead, 0, writerKeyBytes, 0, writerKeyBytes) === 0;
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
