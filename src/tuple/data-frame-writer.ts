import { strict as assert } from 'node:assert';
import { GatewayError } from '../base/index.ts';
import { ByteWriter, putInt32, putUint16 } from './bytes.ts';
import {
  type FrameConsumer,
  frameBodyBytesMax,
  frameBytesTarget,
  frameHeaderBytes,
  frameTypeData,
} from './frames.ts';
import { ValueWriter } from './value-writer.ts';

export interface FrameRoute {
  readonly target: number;
  readonly stream: number;
  readonly source: number;
}

/** Anchor counts from here on do not fit into the byte and follow as a u32. */
const anchorCountEscape = 255;
const tupleLengthBytes = 4;
const bufferBytesKept = 4 * frameBytesTarget;

/**
 * Gathers the tuples of one (target, stream, source) into DATA frames. A tuple is written in place:
 *
 *   writer.beginTuple(anchorCount); writer.addAnchor(...) x anchorCount; writer.values.begin(2)...;
 *   writer.endTuple();
 *
 * A frame goes to `emit` when the next tuple would carry it past 64 KiB, and on `flush`. `emit` must copy. A
 * tuple that was begun and not ended (because a value was refused) is forgotten by the next `beginTuple`.
 */
export class DataFrameWriter {
  readonly route: FrameRoute;
  /** Writes the values of the tuple that is open. */
  readonly values: ValueWriter;
  readonly #out: ByteWriter;
  readonly #emit: FrameConsumer;
  #count = 0;
  /** End of the last complete tuple, where the next begins. */
  #end = frameHeaderBytes;
  #anchorsMissing = 0;

  constructor(route: FrameRoute, emit: FrameConsumer) {
    this.route = route;
    this.#emit = emit;
    this.#out = new ByteWriter();
    this.values = new ValueWriter(this.#out);
    this.#writeHeader();
  }

  /** Tuples not yet emitted. */
  get count(): number {
    return this.#count;
  }

  beginTuple(anchorCount: number): void {
    const out = this.#out;
    out.position = this.#end;
    out.reserve(tupleLengthBytes);
    if (anchorCount < anchorCountEscape) {
      out.byte(anchorCount);
    } else {
      out.byte(anchorCountEscape);
      out.int32(anchorCount);
    }
    this.#anchorsMissing = anchorCount;
  }

  /** A 64-bit root id and a 64-bit edge id, each as two 32-bit halves. */
  addAnchor(rootHi: number, rootLo: number, edgeHi: number, edgeLo: number): void {
    this.#out.int64(rootHi, rootLo);
    this.#out.int64(edgeHi, edgeLo);
    this.#anchorsMissing--;
  }

  /** Values that are encoded already (count included), as a ValueWriter of another buffer leaves them. */
  addValues(encoded: Uint8Array, start: number, end: number): void {
    this.#out.bytes(encoded, start, end);
  }

  /** Throws `FRAME_TOO_LARGE` when the tuple alone is above the largest frame; it is then left out. */
  endTuple(): void {
    assert(this.#anchorsMissing === 0, 'a tuple needs as many anchors as it was begun with');
    const tupleStart = this.#end;
    const tupleEnd = this.#out.position;
    const tupleBytes = tupleEnd - tupleStart;
    if (tupleBytes > frameBodyBytesMax) {
      this.#out.position = tupleStart;
      throw new GatewayError(
        'FRAME_TOO_LARGE',
        `tuple of task ${this.route.source} has ${tupleBytes} bytes, at most ${frameBodyBytesMax} fit into a frame`,
        { facts: { ...this.route, tupleBytes } },
      );
    }
    putInt32(this.#out.buffer, tupleStart, tupleBytes - tupleLengthBytes);
    if (tupleEnd > frameBytesTarget && this.#count > 0) {
      this.#emitFrame();
      this.#out.buffer.copyWithin(frameHeaderBytes, tupleStart, tupleEnd);
      this.#out.position = this.#end + tupleBytes;
    }
    this.#end = this.#out.position;
    this.#count++;
    if (this.#end >= frameBytesTarget) {
      this.#emitFrame();
      if (this.#out.buffer.length > bufferBytesKept) this.#startOver();
    }
  }

  /** Emits the tuples gathered so far; does nothing when there are none. */
  flush(): void {
    if (this.#count > 0) this.#emitFrame();
  }

  #emitFrame(): void {
    const { buffer } = this.#out;
    const end = this.#end;
    putInt32(buffer, 0, end - 4);
    putInt32(buffer, 8, this.#count | (frameTypeData << 24));
    this.#count = 0;
    this.#end = frameHeaderBytes;
    this.#emit(buffer, 0, end);
  }

  /** A giant tuple is rare; its buffer is not kept for the small ones that follow. */
  #startOver(): void {
    this.#out.buffer = Buffer.allocUnsafeSlow(frameBytesTarget);
    this.#writeHeader();
  }

  #writeHeader(): void {
    const { buffer } = this.#out;
    this.#out.position = frameHeaderBytes;
    putInt32(buffer, 4, this.route.target);
    putUint16(buffer, 12, this.route.stream);
    putUint16(buffer, 14, this.route.source);
  }
}
