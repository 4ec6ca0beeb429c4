import { GatewayError } from '../base/index.ts';

/**
 * A reader that works needs fewer than 4 steps a byte. The bound makes an error, rather than a hang, of a
 * mistake in this file that some stream can use to take many steps without consuming bytes.
 */
const stepsPerByteMax = 16;

/**
 * The bytes of a Java serialisation stream, read from front to back. Each call throws `WIRE_CORRUPT` with the
 * offset where the bytes end too early.
 */
export class SerializedBytes {
  readonly #bytes: Buffer;
  #position = 0;
  #stepsLeft: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#stepsLeft = stepsPerByteMax * bytes.length;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  /**
   * Java's modified UTF-8: NUL in two bytes, characters beyond the first plane as surrogates of three bytes
   * each.
   */
  utf(length: number): string {
    const start = this.#take(length);
    const end = start + length;
    // One unit of 16 bits a character: at most as many as there are bytes.
    const units = Buffer.allocUnsafe(2 * length);
    let written = 0;
    for (let i = start; i < end; ) {
      const first = this.#bytes[i]!;
      const width = first < 0x80 ? 1 : first < 0xe0 ? 2 : 3;
      if (i + width > end) throw this.corrupt('a string ends in the middle of a character');
      const second = width > 1 ? this.#bytes[i + 1]! & 0x3f : 0;
      const third = width > 2 ? this.#bytes[i + 2]! & 0x3f : 0;
      const unit =
        width === 1
          ? first
          : width === 2
            ? ((first & 0x1f) << 6) | second
            : ((first & 0x0f) << 12) | (second << 6) | third;
      written = units.writeUInt16LE(unit, written);
      i += width;
    }
    return units.toString('utf16le', 0, written);
  }

  peek(): number {
    if (this.#position >= this.#bytes.length) throw this.corrupt('the stream is cut off');
    return this.#bytes[this.#position]!;
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  float(): number {
    return this.#bytes.readFloatBE(this.#take(4));
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Makes the byte that was read last the next one again. */
  putBack(): void {
    this.#position--;
  }

  #take(length: number): number {
    const at = this.#position;
    if (length < 0 || length > this.#bytes.length - at) throw this.corrupt('the stream is cut off');
    this.#position = at + length;
    return at;
  }

  /** Counts a step of the reader: what it does without consuming bytes must stay bounded by them. */
  step(): void {
    if (--this.#stepsLeft < 0)
      throw this.corrupt(
        `reading takes more than ${stepsPerByteMax} steps a byte, which is a fault of this reader`,
      );
  }

  /** The error for bytes that are not what the protocol says, with the offset. */
  corrupt(what: string): GatewayError {
    return new GatewayError('WIRE_CORRUPT', `Java serialisation, byte ${this.#position}: ${what}`, {
      facts: { offset: this.#position },
    });
  }
}
