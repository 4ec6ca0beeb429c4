import { GatewayError } from '../base/index.ts';
import type { Position } from './position.ts';

/** A record within the bytes that were read; its fields are decoded on demand. */
export class BlockRecord {
  readonly #block: Block;
  readonly #slot: number;
  readonly #transactionId: number;
  readonly #begin: number;
  readonly #end: number;

  constructor(block: Block, slot: number, at: { transactionId: number; begin: number; end: number }) {
    this.#block = block;
    this.#slot = slot;
    this.#transactionId = at.transactionId;
    this.#begin = at.begin;
    this.#end = at.end;
  }

  get position(): Position {
    return { segment: this.#block.segment, entry: this.#block.entry, slot: this.#slot };
  }

  get transactionId(): bigint {
    return BigInt(this.#transactionId);
  }

  /** Counts the records of the stream from 0, without a gap. */
  get sequenceId(): bigint {
    return BigInt(this.#block.firstSequenceId + this.#slot);
  }

  /** A view of the bytes that were read: copy it to keep it. */
  get payload(): Buffer {
    return this.#block.bytes.subarray(this.#begin, this.#end);
  }
}

interface Block {
  readonly bytes: Buffer;
  readonly segment: number;
  readonly entry: number;
  readonly firstSequenceId: number;
}

const headBytes = 40;

/**
 * The records of an answer to `readEntries` (layout: thrift/dlog.thrift), from slot `firstSlot` of the first
 * entry on. Throws `PROTOCOL_VIOLATION`.
 */
export function recordsOf(bytes: Buffer, firstSlot: number): BlockRecord[] {
  const records: BlockRecord[] = [];
  let at = 0;
  let skip = firstSlot;
  while (at < bytes.length) {
    if (at + headBytes > bytes.length) throw cutOff();
    const end = at + headBytes + bytes.readInt32BE(at + 36);
    if (end > bytes.length) throw cutOff();
    readBlock(bytes.subarray(at, end), skip, records);
    at = end;
    skip = 0;
  }
  return records;
}

function readBlock(bytes: Buffer, skip: number, records: BlockRecord[]): void {
  const block = {
    ...{ bytes, segment: readI64(bytes, 0), entry: readI64(bytes, 8) },
    firstSequenceId: readI64(bytes, 24),
  };
  const count = bytes.readInt32BE(32);
  const cursor = { at: headBytes };
  const place = { transactionId: readI64(bytes, 16), begin: 0, end: 0 };
  for (let slot = 0; slot < count; slot++) {
    place.transactionId += readVarint(bytes, cursor);
    const length = readVarint(bytes, cursor);
    place.begin = cursor.at;
    place.end = cursor.at += length;
    if (cursor.at > bytes.length) throw cutOff();
    if (slot >= skip) records.push(new BlockRecord(block, slot, place));
  }
}

/** Reads seven bits per byte, lowest first, with the high bit set on all but the last byte. */
function readVarint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) throw cutOff();
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}

/** The log's numbers are below 2^53. */
function readI64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

function cutOff(): GatewayError {
  return new GatewayError('PROTOCOL_VIOLATION', 'the entries of an answer are not what they say');
}
