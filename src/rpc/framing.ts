import { GatewayError } from '../base/index.ts';

/** `nimbus.thrift.max_buffer_size` of Storm 2.8. */
export const defaultFrameBytesMax = 1_048_576;

const lengthBytes = 4;

/**
 * Cuts a byte stream into frames: a length (i32, big-endian, 1..bytesMax) and that many bytes. Holds at most one unfinished
 * frame, and memory only for bytes that have come, whatever the length claims.
 */
export class FrameReader {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of a frame that is not complete yet. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /**
   * The frames that `chunk` completes. Frames before a bad one are given out first; then throws `FRAME_TOO_LARGE` or
   * `PROTOCOL_VIOLATION`, after which the stream cannot be read on.
   */
  *feed(chunk: Buffer): Generator<Buffer, void> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= lengthBytes) {
      const frameBytes = this.#peekLength();
      if (this.#bytes < lengthBytes + frameBytes) return;
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#bytes);
      const rest = all.subarray(lengthBytes + frameBytes);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#bytes = rest.length;
      yield all.subarray(lengthBytes, lengthBytes + frameBytes);
    }
  }

  #peekLength(): number {
    let head = this.#chunks[0]!;
    if (head.length < lengthBytes) {
      head = Buffer.concat(this.#chunks, this.#bytes);
      this.#chunks = [head];
    }
    const frameBytes = head.readInt32BE(0);
    if (frameBytes > this.#bytesMax) {
      throw new GatewayError('FRAME_TOO_LARGE', tooLarge(head, frameBytes, this.#bytesMax), {
        facts: { frameBytes, frameBytesMax: this.#bytesMax },
      });
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

function tooLarge(head: Buffer, frameBytes: number, bytesMax: number): string {
  const start = head.toString('latin1', 0, lengthBytes);
  const isHttp = ['GET ', 'POST', 'PUT ', 'HEAD', 'OPTI'].includes(start);
  if (isHttp) return `an HTTP request ("${start.trim()}...") on a port that speaks framed Thrift`;
  return `a frame claims ${frameBytes} bytes, the limit is ${bytesMax} (nimbus.thrift.max_buffer_size)`;
}
