/** 64-bit integers of the format are little-endian and always below 2^53: no BigInt is needed for them. */
const low = 0x1_0000_0000;

export function writeU64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value % low, at);
  bytes.writeUInt32LE(Math.floor(value / low), at + 4);
}

/** May be above 2^53, then inexact: what reads bytes that may be damaged checks a CRC first. */
export function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * low;
}

/** Most bytes a varint of a number below 2^53 takes. */
export const varintBytesMax = 8;

/** Seven bits a byte, lowest first, the high bit set on all but the last. Returns the place after it. */
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

/** Reads varints one after the other. `value` is NaN when the bytes end before the number does. */
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
