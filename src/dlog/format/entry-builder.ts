import assert from 'node:assert/strict';
import { crc32c } from '@node-rs/crc32';
import { varintBytesMax, writeU64, writeVarint } from './bytes.ts';
import { type Compression, pack } from './codec.ts';
import { entryHeaderBytes, entryRecordsMax } from './entry.ts';

/** What is known of an entry only when it is written. */
export interface EntryPlace {
  readonly seed: number;
  readonly entry: number;
  readonly epoch: number;
  readonly confirmed: number;
  readonly firstSequenceId: number;
  readonly writtenAtMs: number;
  readonly compression: Compression;
  /** The transaction id of an entry without records. */
  readonly transactionIdFloor: number;
}

export interface BuiltEntry {
  /** Valid until the builder is cleared. */
  readonly bytes: Buffer;
  readonly crc: number;
}

const firstBytes = 2 * 1024;

/**
 * Collects records as they come, copying each once, and builds an entry of them (layout: entry.ts). It is
 * reused, so that a steady writer allocates nothing for its bytes.
 */
export class EntryBuilder {
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #end = entryHeaderBytes;
  #count = 0;
  #firstTransactionId = 0;
  #lastTransactionId = 0;

  get count(): number {
    return this.#count;
  }

  /** The length so far, uncompressed. */
  get byteLength(): number {
    return this.#end;
  }

  get firstTransactionId(): number {
    return this.#firstTransactionId;
  }

  get lastTransactionId(): number {
    return this.#lastTransactionId;
  }

  /** Transaction ids must not decrease; the caller checks that. */
  add(transactionId: number, payload: Uint8Array): void {
    assert(this.#count < entryRecordsMax, 'an entry has no slot for another record');
    if (this.#count === 0) this.#firstTransactionId = this.#lastTransactionId = transactionId;
    this.#reserve(payload.length + 2 * varintBytesMax);
    const bytes = this.#bytes;
    let at = writeVarint(bytes, this.#end, transactionId - this.#lastTransactionId);
    at = writeVarint(bytes, at, payload.length);
    bytes.set(payload, at);
    this.#end = at + payload.length;
    this.#lastTransactionId = transactionId;
    this.#count += 1;
  }

  /** Builds the entry of everything that was added, or a control entry if nothing was. */
  build(place: EntryPlace): BuiltEntry {
    const plain = this.#bytes.subarray(entryHeaderBytes, this.#end);
    const packed = pack(plain, place.compression);
    if (packed.bytes !== plain) packed.bytes.copy(this.#bytes, entryHeaderBytes);
    const bytes = this.#bytes.subarray(0, entryHeaderBytes + packed.bytes.length);
    const isData = this.#count > 0;
    bytes.writeUInt32LE(bytes.length, 4);
    bytes[8] = isData ? 1 : 2;
    bytes[9] = packed.code;
    bytes.writeUInt16LE(this.#count, 10);
    bytes.writeUInt32LE(this.#end - entryHeaderBytes, 12);
    writeU64(bytes, 16, place.entry);
    writeU64(bytes, 24, place.epoch);
    writeU64(bytes, 32, place.confirmed);
    writeU64(bytes, 40, isData ? this.#firstTransactionId : place.transactionIdFloor);
    writeU64(bytes, 48, isData ? this.#lastTransactionId : place.transactionIdFloor);
    writeU64(bytes, 56, place.firstSequenceId);
    writeU64(bytes, 64, place.writtenAtMs);
    const crc = crc32c(bytes.subarray(4), place.seed);
    bytes.writeUInt32LE(crc, 0);
    return { bytes, crc };
  }

  clear(): void {
    this.#end = entryHeaderBytes;
    this.#count = 0;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#end + more));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }
}
