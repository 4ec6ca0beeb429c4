import type { JsonObject, JsonValue } from '../../../base/index.ts';
import { compareDlsn, type Dlsn } from '../../format/dlsn.ts';
import { type Entry, parseEntry } from '../../format/entry.ts';
import { scanEntries } from '../../format/scan.ts';
import { decodeSeal } from '../../format/seal.ts';
import { decodeSegmentHeader, type SegmentHeader } from '../../format/segment-header.ts';
import { SegmentTally } from '../../format/tally.ts';
import type { Permit, StandingSeal } from '../storage.ts';
import { decodeKey, isValueWhole, type PartitionRecord, type Stamp } from './record.ts';

export interface FoldedSegment {
  readonly header: SegmentHeader;
  readonly seed: number;
  /** The offset of its header. */
  readonly base: number;
  /** No record at or behind this offset is an entry of the segment; undefined while it may still grow. */
  end: number | undefined;
  /** The tally of its entries, until it is sealed. */
  tally: SegmentTally | undefined;
  sealed: StandingSeal | undefined;
  /** What is wrong with the segment, when something that had been confirmed cannot be read. */
  damage: string | undefined;
}

export interface UnreadableRecord {
  readonly offset: number;
  readonly what: string;
}

/** The most unreadable records that are listed. */
const unreadableMax = 100;

/**
 * The meaning of a partition, record by record: a function of the records before `next` and of nothing else,
 * so that all readers reach the same result. A fence of a higher epoch ends what lower ones wrote: entries,
 * segments and seals count only under the epoch and token in force at their offset. Any other record has no
 * effect.
 */
export class StreamFold {
  readonly stream: string;
  next: number;
  origin: { readonly incarnation: string; readonly settings: JsonValue } | undefined;
  promised: Pick<Permit, 'epoch' | 'token'> = { epoch: 0, token: '' };
  readonly segments = new Map<number, FoldedSegment>();
  readonly notes = new Map<string, JsonValue>();
  mark: Dlsn | undefined;
  /** The number of records without a key of ours. */
  strangers = 0;
  /**
   * Damaged records behind the last checkpoint. Their content is unknown, so no owner may continue as if they
   * did not exist.
   */
  readonly unreadable: UnreadableRecord[] = [];
  checkpoint: number | undefined;
  bytesSinceCheckpoint = 0;

  constructor(stream: string, next = 0) {
    this.stream = stream;
    this.next = next;
  }

  /** Applies a record. Returns the entry if the record is one that counts. */
  apply(record: PartitionRecord): Entry | undefined {
    this.next = record.offset + 1;
    const stamp = decodeKey(record.key);
    if (stamp === undefined) {
      this.strangers += 1;
      return undefined;
    }
    const damage = damageOf(stamp, record);
    if (damage !== undefined) this.#unreadable({ offset: record.offset, what: damage });
    if (stamp === 'damaged' || damage !== undefined) return undefined;
    this.bytesSinceCheckpoint += record.value.length;
    if (this.origin !== undefined)
      return stamp.incarnation === this.origin.incarnation ? this.#applyOwn(stamp, record) : undefined;
    if (stamp.kind === 'origin') {
      const settings = parsedJson(record.value)?.['settings'] ?? null;
      this.origin = { incarnation: stamp.incarnation, settings };
    }
    return undefined;
  }

  isInForce({ epoch, token }: Pick<Permit, 'epoch' | 'token'>): boolean {
    return this.promised.epoch === epoch && this.promised.token === token;
  }

  #applyOwn(stamp: Stamp, record: PartitionRecord): Entry | undefined {
    switch (stamp.kind) {
      case 'entry':
        return this.#entry(stamp, record);
      case 'fence':
        this.#fence(stamp, record.offset);
        break;
      case 'segment':
        this.#segment(stamp, record);
        break;
      case 'seal':
        this.#seal(stamp, record);
        break;
      case 'removal':
        this.segments.delete(stamp.lssn);
        break;
      case 'checkpoint':
        if (!isValueWhole(stamp, record)) break;
        this.checkpoint = record.offset;
        this.unreadable.length = 0;
        this.bytesSinceCheckpoint = 0;
        break;
      case 'deletion':
        this.#delete();
        break;
      case 'mark':
        this.#mark(record.value);
        break;
      case 'note':
        this.#note(record.value);
        break;
      case 'origin': // another creator was first
        break;
    }
    return undefined;
  }

  #unreadable(record: UnreadableRecord): void {
    if (this.origin === undefined || this.unreadable.length === unreadableMax) return;
    this.unreadable.push(record);
  }

  /**
   * There is no stream until the next origin. Whatever owners of the deleted stream still write has its
   * incarnation, and no longer counts.
   */
  #delete(): void {
    this.origin = undefined;
    this.promised = { epoch: 0, token: '' };
    this.segments.clear();
    this.notes.clear();
    this.mark = undefined;
  }

  #fence({ epoch, token }: Stamp, offset: number): void {
    if (epoch <= this.promised.epoch) return;
    this.promised = { epoch, token };
    for (const segment of this.segments.values()) segment.end ??= offset;
  }

  #segment(stamp: Stamp, { value, offset }: PartitionRecord): void {
    if (!this.isInForce(stamp) || this.segments.has(stamp.lssn)) return;
    const decoded = decodeSegmentHeader(this.stream, value);
    if (decoded?.header.lssn !== stamp.lssn || !isBy(decoded.header, stamp)) return;
    const tally = new SegmentTally(decoded.header);
    const empty = { end: undefined, sealed: undefined, damage: undefined };
    this.segments.set(stamp.lssn, { ...decoded, base: offset, tally, ...empty });
  }

  #entry(stamp: Stamp, { value, offset }: PartitionRecord): Entry | undefined {
    const segment = this.segments.get(stamp.lssn);
    if (segment?.tally === undefined || !this.isInForce(stamp) || !isBy(segment.header, stamp))
      return undefined;
    if (segment.end !== undefined) {
      lookForDamage(segment, segment.tally, value);
      return undefined;
    }
    const entry = nextEntry(segment, segment.tally, value);
    if (entry === undefined) {
      // A repeat of the last entry is harmless. After anything else, the rest of the segment is unknown.
      if (!isLastAgain(segment.tally, segment.seed, value)) segment.end = offset;
      return undefined;
    }
    segment.tally.add(entry);
    return entry;
  }

  #seal(stamp: Stamp, { value, offset }: PartitionRecord): void {
    const segment = this.segments.get(stamp.lssn);
    if (segment?.tally === undefined || !this.isInForce(stamp)) return;
    const standing = decodeSeal(value, segment.seed);
    if (standing?.seal.lssn !== stamp.lssn) return;
    const { entries, chainCrc } = standing.seal;
    const { tally } = segment;
    if (entries > tally.entries) {
      segment.damage = `its seal tells of ${entries} entries, ${tally.entries} can be read`;
      segment.end ??= offset;
      return;
    }
    // The seal covers less than exists: its owner had not read the rest, and will read and seal again.
    if (entries !== tally.entries || chainCrc !== tally.chainCrc) return;
    segment.sealed = standing;
    segment.end ??= offset;
    segment.tally = undefined;
  }

  #mark(value: Buffer): void {
    const at = parsedJson(value) as unknown as Dlsn | undefined;
    if (at !== undefined && (this.mark === undefined || compareDlsn(this.mark, at) < 0)) this.mark = at;
  }

  #note(value: Buffer): void {
    const note = parsedJson(value);
    if (note !== undefined) this.notes.set(note['name'] as string, note['value'] ?? null);
  }
}

function damageOf(stamp: Stamp | 'damaged', record: PartitionRecord): string | undefined {
  if (stamp === 'damaged') return 'the checksum of its key is wrong: it may have been anything';
  // A damaged checkpoint is harmless: it only repeats what other records contain.
  if (stamp.kind === 'checkpoint' || isValueWhole(stamp, record)) return undefined;
  return `it is a ${stamp.kind}, and its checksum is wrong`;
}

function isBy(header: SegmentHeader, stamp: Stamp): boolean {
  return header.epoch === stamp.epoch && header.token === stamp.token;
}

function nextEntry(
  { header, seed }: FoldedSegment,
  { entries, records, lastTransactionId: transactionId }: SegmentTally,
  value: Buffer,
): Entry | undefined {
  const place = { seed, entry: entries, sequenceId: header.firstSequenceId + records, transactionId };
  const scan = scanEntries(value, place);
  return scan.stop === 'end' && scan.entries.length === 1 ? scan.entries[0] : undefined;
}

function isLastAgain(tally: SegmentTally, seed: number, value: Buffer): boolean {
  const parsed = parseEntry(value, 0, seed);
  return typeof parsed === 'object' && parsed.entry === tally.entries - 1 && parsed.crc === tally.lastCrc;
}

/**
 * Reports an entry behind the break that was written after the missing one had been confirmed: that is not a
 * torn end.
 */
function lookForDamage(segment: FoldedSegment, { entries }: SegmentTally, value: Buffer): void {
  const parsed = parseEntry(value, 0, segment.seed);
  if (typeof parsed === 'object' && parsed.confirmed > entries)
    segment.damage ??= `entry ${entries} cannot be read, but had been confirmed`;
}

function parsedJson(value: Buffer): JsonObject | undefined {
  try {
    return JSON.parse(value.toString()) as JsonObject;
  } catch {
    return undefined;
  }
}
