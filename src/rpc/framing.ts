import { GatewayError } from '../base/index.ts';

/** `nimbus.thrift.max_buffer_size` of Storm 2.8. */
export const defaultFrameBytesMax = 1_048_576;

const lengthBytes = 4;
const heldBytesMin = 64;

/**
 * Cuts a byte stream into frames: a length (i32, big-endian, 1..bytesMax) and that many bytes. Holds at most
 * one unfinished frame, in one buffer of at most twice the bytes that have come, whatever the length claims
 * and however small the pieces are.
 */
export class FrameReader {
  readonly #bytesMax: number;
  /** The unfinished frame with its length in front: the first `#bytes` bytes. */
  #held: Buffer | undefined;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of a frame that is not complete yet. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** Memory that the unfinished frame takes. */
  get heldBytes(): number {
    return this.#held?.length ?? 0;
  }

  /**
   * The frames that `chunk` completes; a frame that lies within `chunk` is a view of it. Frames before a bad
   * one are given out first; then throws `FRAME_TOO_LARGE` or `PROTOCOL_VIOLATION`, after which the stream
   * cannot be read on.
   */
  *feed(chunk: Buffer): Generator<Buffer, void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bytes === 0 && chunk.length - at >= lengthBytes) {
        const end = at + lengthBytes + this.#frameBytes(chunk, at);
        if (end <= chunk.length) {
          const frame = chunk.subarray(at + lengthBytes, end);
          at = end;
          yield frame;
          continue;
        }
      }
      at += this.#hold(chunk, at);
      const frame = this.#takeWhole();
      if (frame !== undefined) yield frame;
    }
  }

  /** Copies what the length, or the frame, still lacks. A view would keep all that was read with it. */
  #hold(chunk: Buffer, from: number): number {
    const wholeBytes = this.#wholeBytes();
    const count = Math.min((wholeBytes ?? lengthBytes) - this.#bytes, chunk.length - from);
    const bytes = this.#bytes + count;
    if (bytes > this.heldBytes) {
      const held = Buffer.allocUnsafeSlow(
        Math.min(Math.max(heldBytesMin, 2 * bytes), wholeBytes ?? heldBytesMin),
      );
      this.#held?.copy(held, 0, 0, this.#bytes);
      this.#held = held;
    }
    chunk.copy(this.#held!, this.#bytes, from, from + count);
    this.#bytes = bytes;
    return count;
  }

  #takeWhole(): Buffer | undefined {
    if (this.#bytes !== this.#wholeBytes()) return undefined;
    const frame = this.#held!.subarray(lengthBytes, this.#bytes);
    this.#held = undefined;
    this.#bytes = 0;
    return frame;
  }

  /** The size of the unfinished frame with its length field; undefined while the length has not arrived. */
  #wholeBytes(): number | undefined {
    return this.#bytes < lengthBytes ? undefined : lengthBytes + this.#frameBytes(this.#held!, 0);
  }

  #frameBytes(bytes: Buffer, at: number): number {
    const frameBytes = bytes.readInt32BE(at);
    if (frameBytes > this.#bytesMax) {
      throw new GatewayError(
        'FRAME_TOO_LARGE',
        tooLarge(bytes, { at, frameBytes, bytesMax: this.#bytesMax }),
        {
          facts: { frameBytes, frameBytesMax: this.#bytesMax },
        },
      );
    }
    if (frameBytes <= 0) {
      throw new GatewayError(
        'PROTOCOL_VIOLATION',
        `a frame claims ${frameBytes} bytes: framed Thrift is expected`,
      );
    }
    return frameBytes;
  }
}

function tooLarge(
  bytes: Buffer,
  {
    at,
    frameBytes,
    bytesMax,
  }: { readonly at: number; readonly frameBytes: number; readonly bytesMax: number },
): string {
  const start = bytes.toString('latin1', at, at + lengthBytes);
  const isHttp = ['GET ', 'POST', 'PUT ', 'HEAD', 'OPTI'].includes(start);
  if (isHttp) return `an HTTP request ("${start.trim()}...") on a port that speaks framed Thrift`;
  return `a frame claims ${frameBytes} bytes, the limit is ${bytesMax} (nimbus.thrift.max_buffer_size)`;
}
