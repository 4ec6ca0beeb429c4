/** 64-bit integers of the format are little-endian and always below 2^53: no BigInt is needed for them. */
const low = 0x1_0000_0000;

export function writeU64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value % low, at);
  bytes.writeUInt32LE(Math.floor(value / low), at + 4);
}

/**
 * The result is inexact above 2^53, so callers must check a CRC before they read bytes that may be damaged.
 */
export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * low;
}

/** The most bytes that a varint below 2^53 takes. */
export const varintBytesMax = 8;

/**
 * Writes seven bits per byte, lowest first, with the high bit set on all but the last byte. Returns the
 * offset after it.
 */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let left = value;
  let to = at;
  while (left >= 0x80) {
    bytes[to++] = (left % 0x80) | 0x80;
    left = Math.floor(left / 0x80);
  }
  bytes[to++] = left;
  return to;
}

/** Reads consecutive varints. `value` is NaN when the bytes end before the number does. */
export interface VarintCursor {
  at: number;
}

export function readVarint(bytes: Buffer, cursor: VarintCursor): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < varintBytesMax; count++) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) return Number.NaN;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
  return Number.NaN;
}
