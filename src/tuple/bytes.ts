/**
 * Little-endian reads without the range checks of Buffer's own methods: callers have checked the range, and
 * these run several times a frame.
 */
export function readUint16(buffer: Uint8Array, at: number): number {
  return buffer[at]! | (buffer[at + 1]! << 8);
}

export function readInt32(buffer: Uint8Array, at: number): number {
  return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24);
}

export function readUint32(buffer: Uint8Array, at: number): number {
  return readInt32(buffer, at) >>> 0;
}

export function putUint16(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
}

export function putInt32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
  buffer[at + 2] = value >>> 16;
  buffer[at + 3] = value >>> 24;
}

/**
 * A buffer that grows while it is written. `buffer` is replaced when it grows, so hold the ByteWriter, not
 * the buffer. Invariant: bytes [0, position) are written.
 */
export class ByteWriter {
  buffer: Buffer;
  position = 0;

  constructor(initialBytes = 1024) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Makes room for `bytes` more and returns where they begin; the position moves past them. */
  reserve(bytes: number): number {
    const at = this.position;
    const needed = at + bytes;
    if (needed > this.buffer.length) this.#grow(needed);
    this.position = needed;
    return at;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  uint16(value: number): void {
    const at = this.reserve(2);
    putUint16(this.buffer, at, value);
  }

  int32(value: number): void {
    const at = this.reserve(4);
    putInt32(this.buffer, at, value);
  }

  /** A 64-bit integer given as its two 32-bit halves. */
  int64(hi: number, lo: number): void {
    const at = this.reserve(8);
    putInt32(this.buffer, at, lo);
    putInt32(this.buffer, at + 4, hi);
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    const at = this.reserve(end - start);
    if (end - start <= 32) {
      for (let i = start, to = at; i < end; i++, to++) this.buffer[to] = source[i]!;
    } else {
      this.buffer.set(source.subarray(start, end), at);
    }
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }
}
