import { GatewayError } from '../base/index.ts';
import { type Dlsn, readVarint, type SegmentEntry } from '../dlog/index.ts';

/** An entry in the format of `readEntries` (layout: thrift/dlog.thrift), encoded once for all readers. */
export interface Block {
  readonly lssn: number;
  readonly entry: number;
  /** The number of records; not 0. */
  readonly count: number;
  readonly bytes: Buffer;
}

/** Blocks from a position on; the records of the first one before `firstSlot` were not requested. */
export interface Blocks {
  readonly blocks: readonly Block[];
  readonly firstSlot: number;
}

export interface BlockRecord extends Dlsn {
  readonly transactionId: number;
  readonly sequenceId: number;
  /** A view of the block. */
  readonly payload: Buffer;
}

const headBytes = 40;

/** Throws `SEGMENT_CORRUPT` when the records do not decompress. */
export function blockOf(segmentEntry: SegmentEntry): Block {
  const { lssn, entry } = segmentEntry;
  const plain = segmentEntry.plain();
  if (plain === undefined)
    throw new GatewayError(
      'SEGMENT_CORRUPT',
      `segment ${lssn}, entry ${entry.entry}: its records do not unpack`,
    );
  const bytes = Buffer.allocUnsafe(headBytes + plain.length);
  writeI64(bytes, 0, lssn);
  writeI64(bytes, 8, entry.entry);
  writeI64(bytes, 16, entry.firstTransactionId);
  writeI64(bytes, 24, entry.firstSequenceId);
  bytes.writeInt32BE(entry.count, 32);
  bytes.writeInt32BE(plain.length, 36);
  plain.copy(bytes, headBytes);
  return { lssn, entry: entry.entry, count: entry.count, bytes };
}

/** The position behind its last record. */
export function behind({ lssn, entry }: Block): Dlsn {
  return { lssn, entry: entry + 1, slot: 0 };
}

/** Whole blocks from index `begin` on: as many as begin within the bytes, but at least one. */
export function firstOf(blocks: readonly Block[], bytesMax: number, begin = 0): readonly Block[] {
  let end = begin;
  for (let bytes = 0; end < blocks.length && (end === begin || bytes < bytesMax); end++)
    bytes += blocks[end]!.bytes.length;
  return blocks.slice(begin, end);
}

/**
 * At most `recordsMax` records, with payloads of at most `bytesMax` together unless the first alone is
 * larger; and the position of the next record.
 */
export function recordsOf(
  { blocks, firstSlot }: Blocks,
  { recordsMax, bytesMax }: { readonly recordsMax: number; readonly bytesMax: number },
): { readonly records: readonly BlockRecord[]; readonly next: Dlsn } {
  const records: BlockRecord[] = [];
  let bytes = 0;
  for (const block of blocks) {
    for (const record of decoded(block)) {
      if (block === blocks[0] && record.slot < firstSlot) continue;
      bytes += record.payload.length;
      const isFull = records.length === recordsMax || (bytes > bytesMax && records.length > 0);
      if (isFull) return { records, next: { lssn: record.lssn, entry: record.entry, slot: record.slot } };
      records.push(record);
    }
  }
  return { records, next: behind(blocks.at(-1)!) };
}

function* decoded({ lssn, entry, count, bytes }: Block): Generator<BlockRecord> {
  const cursor = { at: headBytes };
  let transactionId = readI64(bytes, 16);
  const firstSequenceId = readI64(bytes, 24);
  for (let slot = 0; slot < count; slot++) {
    transactionId += readVarint(bytes, cursor);
    const end = readVarint(bytes, cursor) + cursor.at;
    const payload = bytes.subarray(cursor.at, end);
    yield { lssn, entry, slot, transactionId, sequenceId: firstSequenceId + slot, payload };
    cursor.at = end;
  }
}

/** The log's numbers are below 2^53. */
const low = 0x1_0000_0000;

function writeI64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32BE(Math.floor(value / low), at);
  bytes.writeUInt32BE(value % low, at + 4);
}

function readI64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * low + bytes.readUInt32BE(at + 4);
}
