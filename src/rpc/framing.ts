import { GatewayError } from '../base/index.ts';

/** `nimbus.thrift.max_buffer_size` of Storm 2.8. */
export const defaultFrameBytesMax = 1_048_576;

const lengthBytes = 4;
const tailBytesMin = 64;
/** From this length on a piece is kept as it came. Shorter ones are copied together. */
const pieceBytesMin = 16 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Cuts a byte stream into frames: a length (i32, big-endian, 1..bytesMax) and that many bytes. Holds at most
 * one unfinished frame, in about twice the bytes that have come at most, whatever the length claims and
 * however small the pieces are. Long pieces are copied only when the frame is whole.
 */
export class FrameReader {
  readonly #bytesMax: number;
  /** What has come of the length: the first `#lengthBytes` bytes. */
  readonly #length = Buffer.alloc(lengthBytes);
  #lengthBytes = 0;
  /** The length of the frame, once all of it has come. */
  #frameBytes = 0;
  /** The bytes of the unfinished frame: these pieces, then the first `#tailBytes` bytes of `#tail`. */
  #pieces: Buffer[] = [];
  #tail = nothing;
  #tailBytes = 0;
  /** Invariant: the bytes in `#pieces` and `#tail` that belong to the frame. */
  #bytes = 0;
  /** Invariant: the memory of `#pieces`, each with all of its buffer. */
  #piecesMemory = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of a frame that is not complete yet, with its length. */
  get pendingBytes(): number {
    return this.#lengthBytes + this.#bytes;
  }

  /** Memory that the unfinished frame takes. */
  get heldBytes(): number {
    return this.#piecesMemory + this.#tail.length;
  }

  /**
   * The frames that `chunk` completes; a frame that lies within `chunk` is a view of it. The chunk must not
   * change afterwards. Frames before a bad one are given out first; then throws `FRAME_TOO_LARGE` or
   * `PROTOCOL_VIOLATION`, after which the stream cannot be read on.
   */
  *feed(chunk: Buffer): Generator<Buffer, void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#lengthBytes === 0 && chunk.length - at >= lengthBytes) {
        const end = at + lengthBytes + this.#checkedLength(chunk, at);
        if (end <= chunk.length) {
          yield chunk.subarray(at + lengthBytes, end);
          at = end;
          continue;
        }
      }
      if (this.#lengthBytes < lengthBytes) {
        this.#length[this.#lengthBytes++] = chunk[at++]!;
        if (this.#lengthBytes === lengthBytes) this.#frameBytes = this.#checkedLength(this.#length, 0);
        continue;
      }
      const count = Math.min(this.#frameBytes - this.#bytes, chunk.length - at);
      this.#hold(chunk.subarray(at, at + count));
      at += count;
      if (this.#bytes === this.#frameBytes) yield this.#take();
    }
  }

  #hold(piece: Buffer): void {
    const memory = piece.buffer.byteLength;
    // A piece that is only a small part of what was read with it would keep all of that.
    if (piece.length >= pieceBytesMin && memory <= 2 * piece.length) {
      this.#closeTail();
      this.#pieces.push(piece);
      this.#piecesMemory += memory;
    } else {
      this.#copy(piece);
    }
    this.#bytes += piece.length;
  }

  #copy(piece: Buffer): void {
    const tailBytes = this.#tailBytes + piece.length;
    if (tailBytes > this.#tail.length) {
      const left = this.#frameBytes - this.#bytes + this.#tailBytes;
      const tail = Buffer.allocUnsafeSlow(Math.min(Math.max(tailBytesMin, 2 * tailBytes), left));
      this.#tail.copy(tail, 0, 0, this.#tailBytes);
      this.#tail = tail;
    }
    piece.copy(this.#tail, this.#tailBytes);
    this.#tailBytes = tailBytes;
  }

  #closeTail(): void {
    if (this.#tailBytes > 0) this.#pieces.push(this.#tail.subarray(0, this.#tailBytes));
    this.#piecesMemory += this.#tail.length;
    this.#tail = nothing;
    this.#tailBytes = 0;
  }

  #take(): Buffer {
    this.#closeTail();
    const pieces = this.#pieces;
    const frame = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, this.#frameBytes);
    this.#pieces = [];
    this.#piecesMemory = 0;
    this.#lengthBytes = 0;
    this.#bytes = 0;
    return frame;
  }

  #checkedLength(bytes: Buffer, at: number): number {
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
