import { crc32c } from '@node-rs/crc32';
import { readU64, writeU64 } from './bytes.ts';

/**
 * The seal of a segment: its permanent end. Little-endian:
 *
 *     0 magic "EGSL"   4 version (1)   5 flags (1: end of stream)   6 (2 bytes 0)   8 lssn
 *    16 epoch of the owner that sealed it
 *    24 entries       32 records      40 bytes, header included    48 last transaction id
 *    56 last written at, ms           64 sealed at, ms
 *    72 CRC-32C over the entries' CRCs in order                    76 count of index points
 *    80 index points of 32 bytes: entry, offset in bytes, first transaction id, written at
 *       CRC-32C of all that, seeded with the CRC of the segment's header
 */
export interface Seal {
  readonly lssn: number;
  readonly epoch: number;
  readonly isEndOfStream: boolean;
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  /** The transaction id of the last record, or the header's floor if there is no record. */
  readonly lastTransactionId: number;
  readonly lastWrittenAtMs: number;
  readonly sealedAtMs: number;
  readonly chainCrc: number;
  readonly points: readonly IndexPoint[];
}

/** An entry at which a search may start. */
export interface IndexPoint {
  readonly entry: number;
  readonly offset: number;
  readonly transactionId: number;
  readonly writtenAtMs: number;
}

const fixedBytes = 80;
const pointBytes = 32;
const magic = Buffer.from('EGSL');

export function encodeSeal(seal: Seal, seed: number): Buffer {
  const bytes = Buffer.alloc(fixedBytes + seal.points.length * pointBytes + 4);
  magic.copy(bytes);
  bytes[4] = 1;
  bytes[5] = seal.isEndOfStream ? 1 : 0;
  const numbers = [seal.lssn, seal.epoch, seal.entries, seal.records, seal.bytes, seal.lastTransactionId];
  for (const [index, value] of [...numbers, seal.lastWrittenAtMs, seal.sealedAtMs].entries())
    writeU64(bytes, 8 + index * 8, value);
  bytes.writeUInt32LE(seal.chainCrc, 72);
  bytes.writeUInt32LE(seal.points.length, 76);
  for (const [index, point] of seal.points.entries()) {
    const at = fixedBytes + index * pointBytes;
    writeU64(bytes, at, point.entry);
    writeU64(bytes, at + 8, point.offset);
    writeU64(bytes, at + 16, point.transactionId);
    writeU64(bytes, at + 24, point.writtenAtMs);
  }
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, -4), seed), bytes.length - 4);
  return bytes;
}

/** Returns the seal and its own CRC, or undefined when it is damaged or belongs to another segment. */
export function decodeSeal(
  bytes: Buffer,
  seed: number,
): { readonly seal: Seal; readonly crc: number } | undefined {
  if (bytes.length < fixedBytes + 4 || !bytes.subarray(0, 4).equals(magic) || bytes[4] !== 1)
    return undefined;
  const crc = bytes.readUInt32LE(bytes.length - 4);
  if (crc32c(bytes.subarray(0, -4), seed) !== crc) return undefined;
  const count = bytes.readUInt32LE(76);
  if (bytes.length !== fixedBytes + count * pointBytes + 4) return undefined;
  const points = Array.from({ length: count }, (_, index) =>
    readPoint(bytes, fixedBytes + index * pointBytes),
  );
  const seal = {
    lssn: readU64(bytes, 8),
    epoch: readU64(bytes, 16),
    isEndOfStream: bytes[5] === 1,
    entries: readU64(bytes, 24),
    records: readU64(bytes, 32),
    bytes: readU64(bytes, 40),
    lastTransactionId: readU64(bytes, 48),
    lastWrittenAtMs: readU64(bytes, 56),
    sealedAtMs: readU64(bytes, 64),
    chainCrc: bytes.readUInt32LE(72),
    points,
  };
  return { seal, crc };
}

function readPoint(bytes: Buffer, at: number): IndexPoint {
  return {
    entry: readU64(bytes, at),
    offset: readU64(bytes, at + 8),
    transactionId: readU64(bytes, at + 16),
    writtenAtMs: readU64(bytes, at + 24),
  };
}
