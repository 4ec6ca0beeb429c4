import { GatewayError } from '../base/index.ts';
import { ByteWriter } from './bytes.ts';
import type { DataFrameCursor } from './data-frame-cursor.ts';

/**
 * A record of a durable stream: tuples of one frame, without their anchors. Little-endian:
 *
 *     0 form (1)   1 zero   2 index of the emitting task in its component, from 0   4 count of tuples
 *     8 count times: u32 bytes of the values, the values (docs/wire.md)
 *
 * One that is longer than the log takes is written in parts: log-parts.ts.
 */
const recordHeaderBytes = 8;
const form = 1;
const lengthBytes = 4;

/** What a frame is to the log: the record, and whom to ack when it is committed. */
export interface RecordBatch {
  readonly record: Buffer;
  readonly tuples: number;
  /** Root high, root low, edge high, edge low of every anchor, in 32-bit halves. */
  readonly anchors: Int32Array;
  readonly anchorCount: number;
}

/** Reads a frame that has been opened, to its end. Throws `WIRE_CORRUPT` for a broken one. */
export function readBatch(frame: DataFrameCursor, frameBytes: number, place: number): RecordBatch {
  // Never longer than the frame: its header is larger than a record's, and a tuple loses at least its count
  // of anchors.
  const record = new ByteWriter(frameBytes);
  record.uint16(form);
  record.uint16(place);
  record.int32(frame.count);
  let anchors = new Int32Array(4 * frame.count);
  let numbers = 0;
  while (frame.next()) {
    record.int32(frame.valuesEnd - frame.valuesStart);
    record.bytes(frame.buffer, frame.valuesStart, frame.valuesEnd);
    if (numbers + 4 * frame.anchorCount > anchors.length) anchors = grown(anchors, 4 * frame.anchorCount);
    for (let anchor = 0; anchor < frame.anchorCount; anchor++) {
      anchors[numbers++] = frame.rootHi(anchor);
      anchors[numbers++] = frame.rootLo(anchor);
      anchors[numbers++] = frame.edgeHi(anchor);
      anchors[numbers++] = frame.edgeLo(anchor);
    }
  }
  const anchorCount = numbers / 4;
  return { record: record.buffer.subarray(0, record.position), tuples: frame.count, anchors, anchorCount };
}

/** The tuples of a record, in place. Made once and opened for each record. */
export class RecordCursor {
  payload: Uint8Array = new Uint8Array(0);
  /** Index of the emitting task among the tasks of its component. */
  place = 0;
  count = 0;
  valuesStart = 0;
  valuesEnd = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #seen = 0;

  /** Throws `WIRE_CORRUPT` for what no sink wrote. */
  open(payload: Uint8Array): void {
    if (payload.length < recordHeaderBytes || payload[0] !== form)
      throw corrupt(payload, 'is no record of tuples');
    this.payload = payload;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    this.place = this.#view.getUint16(2, true);
    this.count = this.#view.getUint32(4, true);
    this.#seen = 0;
    this.valuesEnd = recordHeaderBytes;
  }

  /** Moves to the next tuple; false when there is none. */
  next(): boolean {
    if (this.#seen === this.count) return false;
    const left = this.payload.length - this.valuesEnd - lengthBytes;
    const bytes = left < 0 ? 0 : this.#view.getUint32(this.valuesEnd, true);
    if (left < bytes) throw corrupt(this.payload, `ends within tuple ${this.#seen + 1} of ${this.count}`);
    this.valuesStart = this.valuesEnd + lengthBytes;
    this.valuesEnd = this.valuesStart + bytes;
    this.#seen++;
    return true;
  }
}

function grown(anchors: Int32Array, by: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * anchors.length + by);
  larger.set(anchors);
  return larger;
}

function corrupt(payload: Uint8Array, what: string): GatewayError {
  return new GatewayError('WIRE_CORRUPT', `a record of ${payload.length} bytes ${what}`, {
    facts: { bytes: payload.length },
  });
}
