import { crc32c } from '@node-rs/crc32';
import type { IndexPoint, Seal } from './seal.ts';
import { type SegmentHeader, segmentHeaderBytes } from './segment-header.ts';

/** What a tally must know about an entry that was written or read. */
export interface TallyEntry {
  readonly count: number;
  readonly bytes: number;
  readonly crc: number;
  readonly firstTransactionId: number;
  readonly lastTransactionId: number;
  readonly writtenAtMs: number;
}

/** To find a position in a segment, at most this many bytes must be read. */
const pointEveryBytes = 256 * 1024;

/**
 * Accumulates, entry by entry, the totals that the seal of a segment will contain. The writer of a segment
 * uses it, and so does the owner that recovers one.
 */
export class SegmentTally {
  entries = 0;
  records = 0;
  bytes = segmentHeaderBytes;
  lastTransactionId: number;
  lastWrittenAtMs = 0;
  readonly #lssn: number;
  readonly #points: IndexPoint[] = [];
  readonly #crcBytes = Buffer.alloc(4);
  #chainCrc = 0;
  #pointBytes = 0;
  #lastCrc = 0;

  constructor(header: SegmentHeader) {
    this.#lssn = header.lssn;
    this.lastTransactionId = header.transactionIdFloor;
  }

  /** Continues from the totals of another tally of the segment. */
  static resume(header: SegmentHeader, counted: Seal, lastCrc: number): SegmentTally {
    const tally = new SegmentTally(header);
    tally.entries = counted.entries;
    tally.records = counted.records;
    tally.bytes = counted.bytes;
    tally.lastTransactionId = counted.lastTransactionId;
    tally.lastWrittenAtMs = counted.lastWrittenAtMs;
    tally.#chainCrc = counted.chainCrc;
    tally.#lastCrc = lastCrc;
    tally.#points.push(...counted.points);
    const last = counted.points.at(-1);
    if (last !== undefined) tally.#pointBytes = last.offset + pointEveryBytes;
    return tally;
  }

  /** The CRC over the CRCs of the entries, in order. */
  get chainCrc(): number {
    return this.#chainCrc;
  }

  /** The CRC of the newest entry, or 0 if there is none. */
  get lastCrc(): number {
    return this.#lastCrc;
  }

  get points(): readonly IndexPoint[] {
    return this.#points;
  }

  add(entry: TallyEntry): void {
    if (this.bytes >= this.#pointBytes) {
      const { firstTransactionId: transactionId, writtenAtMs } = entry;
      this.#points.push({ entry: this.entries, offset: this.bytes, transactionId, writtenAtMs });
      this.#pointBytes = this.bytes + pointEveryBytes;
    }
    this.#crcBytes.writeUInt32LE(entry.crc);
    this.#chainCrc = crc32c(this.#crcBytes, this.#chainCrc);
    this.#lastCrc = entry.crc;
    this.entries += 1;
    this.records += entry.count;
    this.bytes += entry.bytes;
    this.lastTransactionId = entry.lastTransactionId;
    this.lastWrittenAtMs = entry.writtenAtMs;
  }

  seal(by: { readonly epoch: number; readonly sealedAtMs: number; readonly isEndOfStream: boolean }): Seal {
    return {
      lssn: this.#lssn,
      ...by,
      entries: this.entries,
      records: this.records,
      bytes: this.bytes,
      lastTransactionId: this.lastTransactionId,
      lastWrittenAtMs: this.lastWrittenAtMs,
      chainCrc: this.#chainCrc,
      points: [...this.#points],
    };
  }
}
