import { GatewayError } from '../base/index.ts';
import { readInt32, readUint32 } from './bytes.ts';
import { frameCount, frameHeaderBytes, frameSource, frameStream, frameTarget } from './frames.ts';

const anchorBytes = 16;
/** Length of the values' count field: a tuple without it is cut off. */
const valuesBytesMin = 2;

/**
 * Walks the tuples of one DATA frame in place, allocating nothing:
 *
 *   cursor.open(buffer, start, end); while (cursor.next()) { cursor.rootLo(0) ...; cursor.valuesStart ... }
 *
 * `open` and `next` throw `WIRE_CORRUPT` with the place within the frame when a length does not fit what is
 * left or bytes remain behind the last tuple.
 */
export class DataFrameCursor {
  buffer: Buffer = Buffer.alloc(0);
  target = 0;
  stream = 0;
  source = 0;
  /** Tuples in the frame. */
  count = 0;
  anchorCount = 0;
  valuesStart = 0;
  valuesEnd = 0;
  #frameStart = 0;
  #frameEnd = 0;
  #anchorsStart = 0;
  #position = 0;
  #seen = 0;

  open(buffer: Buffer, start: number, end: number): void {
    this.buffer = buffer;
    this.#frameStart = start;
    this.#frameEnd = end;
    if (end - start < frameHeaderBytes || readUint32(buffer, start) !== end - start - 4) {
      throw this.#corrupt(start, `frame of ${end - start} bytes does not match its length field`);
    }
    this.target = frameTarget(buffer, start);
    this.stream = frameStream(buffer, start);
    this.source = frameSource(buffer, start);
    this.count = frameCount(buffer, start);
    this.#position = start + frameHeaderBytes;
    this.#seen = 0;
  }

  /** Moves to the next tuple; false when there is none. */
  next(): boolean {
    const start = this.#position;
    if (this.#seen === this.count) {
      if (start !== this.#frameEnd) {
        throw this.#corrupt(start, `${this.#frameEnd - start} bytes follow the last of ${this.count} tuples`);
      }
      return false;
    }
    const left = this.#frameEnd - start - 4;
    const length = left < 0 ? 0 : readUint32(this.buffer, start);
    if (left < 0 || length > left) {
      throw this.#corrupt(start, `tuple ${this.#seen + 1} of ${this.count} is longer than what is left`);
    }
    const end = start + 4 + length;
    this.#readAnchors(start + 4, end);
    this.valuesEnd = end;
    this.#position = end;
    this.#seen++;
    return true;
  }

  rootHi(anchor: number): number {
    return readInt32(this.buffer, this.#anchorsStart + anchor * anchorBytes + 4);
  }

  rootLo(anchor: number): number {
    return readInt32(this.buffer, this.#anchorsStart + anchor * anchorBytes);
  }

  edgeHi(anchor: number): number {
    return readInt32(this.buffer, this.#anchorsStart + anchor * anchorBytes + 12);
  }

  edgeLo(anchor: number): number {
    return readInt32(this.buffer, this.#anchorsStart + anchor * anchorBytes + 8);
  }

  #readAnchors(start: number, end: number): void {
    let position = start + 1;
    let anchorCount = position <= end ? this.buffer[start]! : 0;
    if (anchorCount === 255) {
      position += 4;
      anchorCount = position <= end ? readUint32(this.buffer, start + 1) : 0;
    }
    this.#anchorsStart = position;
    this.anchorCount = anchorCount;
    this.valuesStart = position + anchorCount * anchorBytes;
    if (this.valuesStart + valuesBytesMin > end) {
      throw this.#corrupt(start, `${anchorCount} anchors and values do not fit into ${end - start} bytes`);
    }
  }

  #corrupt(at: number, what: string): GatewayError {
    const offset = at - this.#frameStart;
    return new GatewayError(
      'WIRE_CORRUPT',
      `data frame from task ${this.source} to ${this.target}, byte ${offset}: ${what}`,
      { facts: { target: this.target, source: this.source, stream: this.stream, offset } },
    );
  }
}
