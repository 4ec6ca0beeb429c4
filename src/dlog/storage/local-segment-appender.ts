import assert from 'node:assert/strict';
import { decodeSeal, encodeSeal, type Seal } from '../format/seal.ts';
import { type SegmentHeader, segmentHeaderBytes } from '../format/segment-header.ts';
import { corrupt, fenced, poisoned, segmentMissing } from './faults.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { readWhole, type StreamFiles, writeAll } from './local-files.ts';
import type { Permit, SegmentAppender, StandingSeal } from './storage.ts';

export interface LocalAppenderParts {
  readonly fs: FileSystem;
  /** Opened `write-synced` where the header promises `fsync`. */
  readonly file: OpenFile;
  readonly files: StreamFiles;
  readonly permit: Permit;
  readonly header: SegmentHeader;
  readonly headerBytes: Buffer;
}

/** Appends to the file of a segment, as long as its permit stands and the disk reports no error. */
export class LocalSegmentAppender implements SegmentAppender {
  readonly seed: number;
  readonly #parts: LocalAppenderParts;
  readonly #fence: string;
  readonly #segment: { readonly stream: string; readonly lssn: number };
  readonly #isSynced: boolean;
  #end = segmentHeaderBytes;
  #fault: Error | undefined;
  #isClosed = false;

  constructor(parts: LocalAppenderParts) {
    this.#parts = parts;
    this.seed = parts.headerBytes.readUInt32LE(60);
    this.#fence = parts.files.fence(parts.permit.epoch);
    this.#segment = { stream: parts.permit.stream, lssn: parts.header.lssn };
    this.#isSynced = parts.header.durability === 'fsync';
  }

  async append(entry: Buffer): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    const { file } = this.#parts;
    try {
      await writeAll(file, entry, this.#end);
    } catch (error) {
      throw this.#refuseFromNowOn(poisoned(this.#segment, error));
    }
    // The check comes after the write, which has synced where that is promised, and before the
    // acknowledgement: an owner that is granted a higher epoch later finds these bytes.
    if (!this.#parts.fs.exists(this.#fence)) throw this.#refuseFromNowOn(fenced(this.#parts.permit));
    this.#end += entry.length;
  }

  async seal(seal: Seal): Promise<StandingSeal> {
    assert.equal(seal.bytes, this.#end, 'a seal ends where the entries end');
    if (this.#fault !== undefined) throw this.#fault;
    const { file, files, fs, header } = this.#parts;
    const path = files.seal(header.lssn);
    try {
      if (!this.#isSynced) await file.dataSync();
      if (!fs.exists(this.#fence)) throw fenced(this.#parts.permit);
      await files.writeOnce(path, encodeSeal(seal, this.seed));
      return await readSeal({ fs, files, ...this.#segment }, this.seed);
    } catch (error) {
      const isFenced = error instanceof Error && 'code' in error && error.code === 'SEGMENT_FENCED';
      throw this.#refuseFromNowOn(isFenced ? error : poisoned(this.#segment, error));
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#parts.file.close();
  }

  #refuseFromNowOn(fault: Error): Error {
    this.#fault = fault;
    return fault;
  }
}

/**
 * The seal that stands. Rejects with `SEGMENT_CORRUPT` when it is damaged or not there, `LOG_GAP` when the
 * segment was removed.
 */
export async function readSeal(
  segment: {
    readonly fs: FileSystem;
    readonly files: StreamFiles;
    readonly stream: string;
    readonly lssn: number;
  },
  seed: number,
): Promise<StandingSeal> {
  const bytes = await readWhole(segment.fs, segment.files.seal(segment.lssn));
  if (bytes === undefined && !segment.fs.exists(segment.files.log(segment.lssn)))
    throw segmentMissing(segment.stream, segment.lssn);
  const standing = bytes === undefined ? undefined : decodeSeal(bytes, seed);
  if (standing?.seal.lssn !== segment.lssn) throw corrupt(segment, 'its seal cannot be read');
  return standing;
}
