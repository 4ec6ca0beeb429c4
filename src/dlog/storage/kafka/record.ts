import { crc32c } from '@node-rs/crc32';
import { readU64, writeU64 } from '../../format/bytes.ts';

/**
 * A record of a stream's partition. The value is what a file would contain (a segment's header, an entry, a
 * seal) or a little JSON; the key identifies its writer. The layout of the key, little-endian:
 *
 *     0 magic "EGKR"   4 version (1)   5 kind   6 (2 bytes 0)   8 incarnation of the stream (8 bytes)
 *    16 epoch         24 token (8 bytes)       32 lssn
 *    40 offset of the newest checkpoint that its writer knew, plus 1; 0: none
 *    48 CRC-32C of the value (0 for an entry, which has its own)               52 CRC-32C of all before
 *
 * Nothing else detects damage: brokers forward what their disk returns, and the client that reads verifies
 * none of their checksums.
 */
const kinds = [
  'origin',
  'fence',
  'segment',
  'entry',
  'seal',
  'removal',
  'mark',
  'note',
  'checkpoint',
  'deletion',
] as const;
export type RecordKind = (typeof kinds)[number];

export interface Stamp {
  readonly kind: RecordKind;
  /**
   * 16 hexadecimal digits, new whenever a stream is created: what an owner of a deleted stream still writes
   * does not belong to the new stream.
   */
  readonly incarnation: string;
  readonly epoch: number;
  readonly token: string;
  readonly lssn: number;
  /** A hint: the next process that opens the stream begins at this checkpoint. */
  readonly checkpoint: number | undefined;
}

/** A record as the partition contains it. */
export interface PartitionRecord {
  readonly offset: number;
  readonly key: Buffer | undefined;
  readonly value: Buffer;
}

export const keyBytes = 56;
/**
 * The beginning of a key, which is the same for all records of one kind that an owner writes to a segment.
 */
export const writerKeyBytes = 40;
const magic = Buffer.from('EGKR');
const noToken = '0'.repeat(16);

/** `value` is the content of the record; it is not needed for an entry. */
export function encodeKey(
  stamp: Pick<Stamp, 'kind' | 'incarnation'> & Partial<Stamp>,
  value: Buffer,
  into: Buffer = Buffer.alloc(keyBytes),
): Buffer {
  magic.copy(into);
  into[4] = 1;
  into[5] = kinds.indexOf(stamp.kind) + 1;
  into.write(stamp.incarnation, 8, 'hex');
  writeU64(into, 16, stamp.epoch ?? 0);
  into.write(stamp.token ?? noToken, 24, 'hex');
  writeU64(into, 32, stamp.lssn ?? 0);
  writeU64(into, 40, stamp.checkpoint === undefined ? 0 : stamp.checkpoint + 1);
  into.writeUInt32LE(stamp.kind === 'entry' ? 0 : crc32c(value), 48);
  into.writeUInt32LE(crc32c(into.subarray(0, 52)), 52);
  return into;
}

/** Undefined for a key that is not ours; `damaged` for one of ours that cannot be read. */
export function decodeKey(bytes: Buffer | undefined): Stamp | 'damaged' | undefined {
  if (bytes?.length !== keyBytes) return undefined;
  if (bytes.readUInt32LE(52) !== crc32c(bytes.subarray(0, 52))) return 'damaged';
  const kind = kinds[bytes[5]! - 1];
  if (!bytes.subarray(0, 4).equals(magic) || bytes[4] !== 1 || kind === undefined) return undefined;
  const checkpoint = readU64(bytes, 40);
  return {
    kind,
    incarnation: bytes.toString('hex', 8, 16),
    epoch: readU64(bytes, 16),
    token: bytes.toString('hex', 24, 32),
    lssn: readU64(bytes, 32),
    checkpoint: checkpoint === 0 ? undefined : checkpoint - 1,
  };
}

/** The stamp of an undamaged record; undefined for others. */
export function stampOf({ key, value }: PartitionRecord): Stamp | undefined {
  const stamp = decodeKey(key);
  return typeof stamp === 'object' && isValueWhole(stamp, { key, value }) ? stamp : undefined;
}

/** Whether the value is undamaged, as far as the key can tell: an entry has its own CRC. */
export function isValueWhole(
  { kind }: Stamp,
  { key, value }: Pick<PartitionRecord, 'key' | 'value'>,
): boolean {
  return kind === 'entry' || key!.readUInt32LE(48) === crc32c(value);
}
