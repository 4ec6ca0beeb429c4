import { GatewayError } from '../../base/index.ts';

/**
 * The name of a record in its stream: segment, entry in the segment, slot in the entry. It is assigned when
 * the record is written and never reused, and it follows the order of the stream. Segments count from 1;
 * entries and slots from 0.
 */
export interface Dlsn {
  readonly lssn: number;
  readonly entry: number;
  readonly slot: number;
}

/** Negative, zero or positive as `left` is before, at or after `right`. */
export function compareDlsn(left: Dlsn, right: Dlsn): number {
  return left.lssn - right.lssn || left.entry - right.entry || left.slot - right.slot;
}

/** `3:17:0`, for people and logs. */
export function formatDlsn({ lssn, entry, slot }: Dlsn): string {
  return `${lssn}:${entry}:${slot}`;
}

const serializedBytes = 25;

/**
 * The format of DistributedLog's clients: a version byte (1) and three big-endian 64-bit integers, in base64.
 */
export function serializeDlsn(dlsn: Dlsn): string {
  const bytes = Buffer.alloc(serializedBytes);
  bytes[0] = 1;
  for (const [index, value] of [dlsn.lssn, dlsn.entry, dlsn.slot].entries())
    bytes.writeBigInt64BE(BigInt(value), 1 + index * 8);
  return bytes.toString('base64');
}

/** The inverse of {@link serializeDlsn}. Throws `STREAM_INVALID`, quoting the text, for anything else. */
export function deserializeDlsn(text: string): Dlsn {
  const bytes = Buffer.from(text, 'base64');
  const isWhole = bytes.length === serializedBytes && bytes[0] === 1;
  const [lssn, entry, slot] = isWhole ? [1, 9, 17].map((at) => Number(bytes.readBigInt64BE(at))) : [];
  const dlsn = { lssn: lssn ?? -1, entry: entry ?? -1, slot: slot ?? -1 };
  const isDlsn = Object.values(dlsn).every((value) => Number.isSafeInteger(value) && value >= 0);
  if (isDlsn && serializeDlsn(dlsn) === text) return dlsn;
  throw new GatewayError(
    'STREAM_INVALID',
    `${JSON.stringify(text)} is no position: 25 bytes of version 1 in base64 are expected`,
    { facts: { text } },
  );
}

/**
 * The position as 24 bytes in hexadecimal, which sort in the order of positions: for names of files and keys.
 */
export function sortableDlsn(dlsn: Dlsn): string {
  const bytes = Buffer.alloc(24);
  for (const [index, value] of [dlsn.lssn, dlsn.entry, dlsn.slot].entries()) {
    bytes.writeBigUInt64BE(BigInt(value), index * 8);
  }
  return bytes.toString('hex');
}

/** The inverse of {@link sortableDlsn}, or undefined for other text. */
export function parseSortableDlsn(text: string): Dlsn | undefined {
  if (!/^[0-9a-f]{48}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'hex');
  const [lssn, entry, slot] = [0, 8, 16].map((at) => Number(bytes.readBigUInt64BE(at)));
  return { lssn: lssn!, entry: entry!, slot: slot! };
}
