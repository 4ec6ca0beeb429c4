import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { readU64, writeU64 } from './bytes.ts';

/**
 * The first bytes of a segment, little-endian:
 *
 *     0 magic "EGSG"   4 version (1)   5 durability   6 (2 bytes 0)   8 hash of the stream's name (8 bytes)
 *    16 lssn          24 epoch        32 token (8 bytes)             40 sequence id of its first record
 *    48 transaction id before its first record
 *    56 CRC of the previous segment's seal, or 0
 *    60 CRC-32C of all that
 *
 * This CRC seeds the CRCs of the entries, so that bytes of another segment are never taken for this one's.
 */
export interface SegmentHeader {
  readonly lssn: number;
  readonly epoch: number;
  /** 16 hexadecimal digits, new for every owner. */
  readonly token: string;
  /** What its writer meant by an acknowledgement. */
  readonly durability: Durability;
  readonly firstSequenceId: number;
  readonly transactionIdFloor: number;
  readonly previousSealCrc: number;
}

/**
 * What an acknowledgement guarantees about a record, weakest first. `memory`: the process has accepted it;
 * `os`: it is in the page cache; `fsync`: it is on the disk; `replicated`: several machines have it, each as
 * its own settings say.
 */
export const durabilities = ['memory', 'os', 'fsync', 'replicated'] as const;
export type Durability = (typeof durabilities)[number];

export const segmentHeaderBytes = 64;
const magic = Buffer.from('EGSG');

export function encodeSegmentHeader(stream: string, header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  magic.copy(bytes);
  bytes[4] = 1;
  bytes[5] = durabilities.indexOf(header.durability);
  streamHash(stream).copy(bytes, 8);
  writeU64(bytes, 16, header.lssn);
  writeU64(bytes, 24, header.epoch);
  bytes.write(header.token, 32, 'hex');
  writeU64(bytes, 40, header.firstSequenceId);
  writeU64(bytes, 48, header.transactionIdFloor);
  bytes.writeUInt32LE(header.previousSealCrc, 56);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 60)), 60);
  return bytes;
}

/**
 * Returns the header and its CRC, which seeds the CRCs of its entries, or undefined when it is damaged or
 * belongs to another stream.
 */
export function decodeSegmentHeader(
  stream: string,
  bytes: Buffer,
): { readonly header: SegmentHeader; readonly seed: number } | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 4).equals(magic) || bytes[4] !== 1)
    return undefined;
  const seed = bytes.readUInt32LE(60);
  const durability = durabilities[bytes[5]!];
  if (crc32c(bytes.subarray(0, 60)) !== seed || durability === undefined) return undefined;
  if (!bytes.subarray(8, 16).equals(streamHash(stream))) return undefined;
  const header = {
    lssn: readU64(bytes, 16),
    epoch: readU64(bytes, 24),
    token: bytes.toString('hex', 32, 40),
    durability,
    firstSequenceId: readU64(bytes, 40),
    transactionIdFloor: readU64(bytes, 48),
    previousSealCrc: bytes.readUInt32LE(56),
  };
  return { header, seed };
}

function streamHash(stream: string): Buffer {
  return createHash('sha256').update(stream).digest().subarray(0, 8);
}
