import { crc32c } from '@node-rs/crc32';
import { readU64, readVarint, type VarintCursor } from './bytes.ts';
import { unpack } from './codec.ts';
import type { Dlsn } from './dlsn.ts';

/**
 * An entry is what a writer commits at once: whole or not at all. Little-endian:
 *
 *     0 CRC-32C of all that follows, seeded with the CRC of the segment's header
 *     4 bytes of the entry, these 72 included
 *     8 kind (1 data, 2 control)   9 compression of the records
 *    10 count of records          12 bytes of the records, uncompressed
 *    16 number in the segment     24 epoch                    32 entries confirmed when this one was written
 *    40 first transaction id      48 last transaction id      56 sequence id of the first record
 *    64 written at, ms since the epoch
 *    72 records: varint of the transaction id less the one before, varint of the length, payload
 *
 * A control entry has no records: it only tells readers how much is confirmed.
 */
export const entryHeaderBytes = 72;

/** More is damage. The largest record set, and what incompressible bytes may grow by, are below. */
export const entryBytesMax = 16 * 1024 * 1024;

/** The most records in one entry: slots are 16 bits. */
export const entryRecordsMax = 0xffff;

export interface Entry {
  readonly kind: 'data' | 'control';
  readonly entry: number;
  readonly epoch: number;
  /**
   * Entries of this segment below this number were confirmed when this one was written: readers may have
   * them.
   */
  readonly confirmed: number;
  readonly count: number;
  readonly firstTransactionId: number;
  readonly lastTransactionId: number;
  readonly firstSequenceId: number;
  readonly writtenAtMs: number;
  /** The length, header included. */
  readonly bytes: number;
  readonly crc: number;
  readonly packing: number;
  readonly plainBytes: number;
  readonly packed: Buffer;
}

/**
 * A record as readers receive it. It is its own position. `payload` is a view of the bytes that were read:
 * copy it to keep it.
 */
export interface LogRecord extends Dlsn {
  /** The number that the application assigns; it never decreases in a stream. */
  readonly transactionId: number;
  /** Counts the records of the stream from 0 without a gap. */
  readonly sequenceId: number;
  readonly payload: Buffer;
}

/**
 * `short`: the bytes end before the entry does, if its length is right. `bad`: not an entry, or a damaged
 * one.
 */
export type ParsedEntry = Entry | 'short' | 'bad';

/** Parses the entry at `at`. Nothing of it is trusted before its CRC is verified. */
export function parseEntry(bytes: Buffer, at: number, seed: number): ParsedEntry {
  if (bytes.length - at < entryHeaderBytes) return 'short';
  const length = bytes.readUInt32LE(at + 4);
  if (length < entryHeaderBytes || length > entryBytesMax) return 'bad';
  if (bytes.length - at < length) return 'short';
  const crc = bytes.readUInt32LE(at);
  if (crc32c(bytes.subarray(at + 4, at + length), seed) !== crc) return 'bad';
  return entryAt(bytes, at);
}

/** Returns the entry at `at`; the bytes must be known to be whole. */
export function entryAt(bytes: Buffer, at: number): Entry {
  const length = bytes.readUInt32LE(at + 4);
  return {
    kind: bytes[at + 8] === 1 ? 'data' : 'control',
    packing: bytes[at + 9]!,
    count: bytes.readUInt16LE(at + 10),
    plainBytes: bytes.readUInt32LE(at + 12),
    entry: readU64(bytes, at + 16),
    epoch: readU64(bytes, at + 24),
    confirmed: readU64(bytes, at + 32),
    firstTransactionId: readU64(bytes, at + 40),
    lastTransactionId: readU64(bytes, at + 48),
    firstSequenceId: readU64(bytes, at + 56),
    writtenAtMs: readU64(bytes, at + 64),
    bytes: length,
    crc: bytes.readUInt32LE(at),
    packed: bytes.subarray(at + entryHeaderBytes, at + length),
  };
}

/**
 * The records of an entry, or undefined when they contradict its header, which only a faulty writer causes.
 */
export function recordsOf(lssn: number, entry: Entry): LogRecord[] | undefined {
  const plain = unpack({ code: entry.packing, bytes: entry.packed }, entry.plainBytes);
  if (plain === undefined) return undefined;
  const cursor: VarintCursor = { at: 0 };
  const records: LogRecord[] = [];
  let transactionId = entry.firstTransactionId;
  for (let slot = 0; slot < entry.count; slot++) {
    transactionId += readVarint(plain, cursor);
    const length = readVarint(plain, cursor);
    if (!(cursor.at + length <= plain.length)) return undefined;
    const payload = plain.subarray(cursor.at, cursor.at + length);
    const sequenceId = entry.firstSequenceId + slot;
    records.push({ lssn, entry: entry.entry, slot, transactionId, sequenceId, payload });
    cursor.at += length;
  }
  return cursor.at === plain.length && transactionId === entry.lastTransactionId ? records : undefined;
}
