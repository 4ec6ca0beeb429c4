import { GatewayError, isJsonObject, type JsonObject, type JsonValue } from '../base/index.ts';
import { putInt32, readInt32, readUint16, readUint32 } from './bytes.ts';

/** Length, target, count and type, stream and source: docs/wire.md, "Frame". */
export const frameHeaderBytes = 16;
/**
 * What a sender aims at: below it a frame costs more for its header than for its bytes, above it assembly
 * costs.
 */
export const frameBytesTarget = 64 << 10;
export const frameBodyBytesMax = 16 << 20;

export const frameTypeData = 1;
export const frameTypeControl = 2;

const lengthFieldBytes = 4;
const lengthMin = frameHeaderBytes - lengthFieldBytes;
/** An assembly buffer above this is dropped after its frame instead of being kept for the next. */
const assemblyBytesKept = 256 << 10;

/** Takes a frame, header included; the bytes are valid only during the call. */
export type FrameConsumer = (buffer: Buffer, start: number, end: number) => void;

export interface FrameSink {
  dataFrame(buffer: Buffer, start: number, end: number): void;
  controlFrame(message: JsonObject): void;
}

export function frameTarget(buffer: Uint8Array, start: number): number {
  return readInt32(buffer, start + 4);
}

export function frameCount(buffer: Uint8Array, start: number): number {
  return readInt32(buffer, start + 8) & 0xff_ffff;
}

export function frameType(buffer: Uint8Array, start: number): number {
  return buffer[start + 11]!;
}

export function frameStream(buffer: Uint8Array, start: number): number {
  return readUint16(buffer, start + 12);
}

export function frameSource(buffer: Uint8Array, start: number): number {
  return (readUint16(buffer, start + 14) << 16) >> 16;
}

/** A CONTROL frame around `message`. Throws `FRAME_TOO_LARGE` when its JSON is longer than 16 MiB. */
export function encodeControlFrame(message: { readonly type: string }): Buffer {
  const json = JSON.stringify(message);
  const bodyBytes = Buffer.byteLength(json);
  if (bodyBytes > frameBodyBytesMax) {
    throw new GatewayError(
      'FRAME_TOO_LARGE',
      `control message ${message.type} has ${bodyBytes} bytes, at most ${frameBodyBytesMax} fit into a frame`,
    );
  }
  const frame = Buffer.allocUnsafe(frameHeaderBytes + bodyBytes);
  putInt32(frame, 0, lengthMin + bodyBytes);
  putInt32(frame, 4, 0);
  putInt32(frame, 8, 1 | (frameTypeControl << 24));
  putInt32(frame, 12, 0);
  frame.write(json, frameHeaderBytes);
  return frame;
}

/**
 * Cuts a byte stream into frames. Frames that lie wholly inside a fed chunk are passed in place; only one
 * that is cut by a chunk's end is assembled, in a buffer that grows with the bytes that have come, never with
 * the length claimed.
 *
 * A violation throws `WIRE_CORRUPT` (`FRAME_TOO_LARGE` for a length above the maximum) with the place in the
 * stream, and so does every later `feed`: the connection is to be closed.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #bodyBytesMax: number;
  #assembly: Buffer = Buffer.alloc(0);
  /** Bytes of a cut frame in `#assembly`. */
  #held = 0;
  /** Place of the next frame's first byte in the stream. */
  #frameOffset = 0;
  #failure: GatewayError | undefined;

  constructor(sink: FrameSink, options: { readonly bodyBytesMax?: number } = {}) {
    this.#sink = sink;
    this.#bodyBytesMax = options.bodyBytesMax ?? frameBodyBytesMax;
  }

  /** Bytes of an unfinished frame: not 0 at the end of a connection means it was cut off. */
  get heldBytes(): number {
    return this.#held;
  }

  /**
   * Passes on every frame that `bytes` completes. What the sink throws goes through, and the reader is then
   * unusable.
   */
  feed(bytes: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const position = this.#held === 0 ? 0 : this.#completeHeld(bytes);
      this.#feedFrom(bytes, position);
    } catch (error) {
      this.#failure =
        error instanceof GatewayError
          ? error
          : new GatewayError('WIRE_CORRUPT', `frame at byte ${this.#frameOffset} was not taken`, {
              cause: error,
            });
      throw error;
    }
  }

  #feedFrom(bytes: Buffer, from: number): void {
    let position = from;
    while (bytes.length - position >= frameHeaderBytes) {
      const end = position + this.#frameBytes(bytes, position);
      if (end > bytes.length) break;
      this.#pass(bytes, position, end);
      position = end;
    }
    if (position < bytes.length) {
      if (bytes.length - position >= lengthFieldBytes) this.#checkLength(bytes, position);
      this.#hold(bytes, position, bytes.length);
    }
  }

  /** Adds to the held frame what it lacks; passes it when complete. Returns how far `bytes` is used up. */
  #completeHeld(bytes: Buffer): number {
    let position = 0;
    if (this.#held < frameHeaderBytes) {
      position = Math.min(frameHeaderBytes - this.#held, bytes.length);
      this.#hold(bytes, 0, position);
      if (this.#held >= lengthFieldBytes) this.#checkLength(this.#assembly, 0);
      if (this.#held < frameHeaderBytes) return position;
    }
    const frameBytes = this.#frameBytes(this.#assembly, 0);
    const end = Math.min(position + frameBytes - this.#held, bytes.length);
    this.#hold(bytes, position, end);
    if (this.#held < frameBytes) return end;
    const frame = this.#assembly;
    this.#held = 0;
    if (frame.length > assemblyBytesKept) this.#assembly = Buffer.alloc(0);
    this.#pass(frame, 0, frameBytes);
    return end;
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const needed = this.#held + end - start;
    if (needed > this.#assembly.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#assembly.length, 4096));
      this.#assembly.copy(grown, 0, 0, this.#held);
      this.#assembly = grown;
    }
    bytes.copy(this.#assembly, this.#held, start, end);
    this.#held = needed;
  }

  #pass(buffer: Buffer, start: number, end: number): void {
    if (frameType(buffer, start) === frameTypeData) this.#sink.dataFrame(buffer, start, end);
    else this.#sink.controlFrame(this.#parseControl(buffer, start, end));
    this.#frameOffset += end - start;
  }

  #parseControl(buffer: Buffer, start: number, end: number): JsonObject {
    let message: JsonValue;
    try {
      message = JSON.parse(buffer.toString('utf8', start + frameHeaderBytes, end)) as JsonValue;
    } catch (cause) {
      throw this.#corrupt('control body is not JSON', cause);
    }
    if (!isJsonObject(message) || typeof message['type'] !== 'string') {
      throw this.#corrupt('control body is not a JSON object with a type');
    }
    return message;
  }

  #frameBytes(buffer: Buffer, start: number): number {
    const length = this.#checkLength(buffer, start);
    const type = frameType(buffer, start);
    if (type !== frameTypeData && type !== frameTypeControl) {
      throw this.#corrupt(
        `frame type ${type}, expected ${frameTypeData} (data) or ${frameTypeControl} (control)`,
      );
    }
    return lengthFieldBytes + length;
  }

  #checkLength(buffer: Buffer, start: number): number {
    const length = readUint32(buffer, start);
    if (length < lengthMin) throw this.#corrupt(`frame length ${length}, expected at least ${lengthMin}`);
    if (length > lengthMin + this.#bodyBytesMax) {
      throw new GatewayError(
        'FRAME_TOO_LARGE',
        `frame at byte ${this.#frameOffset}: length ${length}, expected at most ${lengthMin + this.#bodyBytesMax}`,
        { facts: { frameOffset: this.#frameOffset, length } },
      );
    }
    return length;
  }

  #corrupt(what: string, cause?: unknown): GatewayError {
    return new GatewayError('WIRE_CORRUPT', `frame at byte ${this.#frameOffset}: ${what}`, {
      facts: { frameOffset: this.#frameOffset },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
