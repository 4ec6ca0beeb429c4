import type { JsonValue } from '../../base/index.ts';
import type { Dlsn } from '../format/dlsn.ts';
import type { Entry } from '../format/entry.ts';
import type { Seal } from '../format/seal.ts';
import type { Durability, SegmentHeader } from '../format/segment-header.ts';
import type { FileSystem } from './file-system.ts';
import type { StreamFiles } from './local-files.ts';

/**
 * Where streams are stored. All implementations pass one contract suite (storage-contract.test.ts). A stream
 * is named `namespace/name`. The storage alone decides which owner can write: the one with the highest epoch
 * that it ever granted.
 *
 * Calls reject with `STREAM_UNKNOWN` for a stream that does not exist, and otherwise with the storage's own
 * error (as cause).
 */
export interface LogStorage {
  /** The durabilities that an append can have here, weakest first. */
  readonly durabilities: readonly Durability[];

  /** Durable when it resolves. The settings are stored as they are. */
  createStream(stream: string, settings: JsonValue): Promise<'created' | 'exists'>;
  settings(stream: string): Promise<JsonValue>;
  /** The namespaces that contain or contained a stream, in order. */
  namespaces(): Promise<readonly string[]>;
  /** Streams of a namespace, in order. */
  streams(namespace: string): Promise<readonly string[]>;
  /** Removes the stream with everything in it; its writers are fenced. Returns false if it did not exist. */
  deleteStream(stream: string): Promise<boolean>;

  /**
   * Promises, durably, to accept nothing of a lower epoch, nor of this epoch under another token. Once this
   * is granted, no append of a lower epoch is acknowledged any more. The same pair is granted again, unless a
   * higher epoch was granted in between.
   */
  fence(permit: Permit): Promise<FenceResult>;

  /** All segments, in order. */
  segments(stream: string): Promise<readonly StoredSegment[]>;
  /** Creates a segment, durably and whole, or rejects: `SEGMENT_EXISTS`, `SEGMENT_FENCED`. */
  createSegment(permit: Permit, header: SegmentHeader): Promise<SegmentAppender>;
  /**
   * Seals a segment that its owner left behind at its last whole entry, and makes sure that everything below
   * is durable. The first process to seal decides: the answer is the seal that stands. Rejects with
   * `SEGMENT_CORRUPT` rather than cut off an entry that had been confirmed, and with `SEGMENT_FENCED` when
   * another owner was granted a higher epoch.
   */
  recoverSegment(permit: Permit, lssn: number, sealedAtMs: number): Promise<StandingSeal>;
  /** Rejects with `LOG_GAP` when there is no such segment. */
  openSegment(stream: string, lssn: number): Promise<SegmentReader>;
  /** Removes a segment if it exists. */
  removeSegment(stream: string, lssn: number): Promise<void>;

  /**
   * Moves the mark below which the stream is truncated, only ever upwards; durable when it resolves. Returns
   * the mark.
   */
  truncate(stream: string, at: Dlsn): Promise<Dlsn>;
  /** The mark, or undefined when nothing was truncated. */
  truncation(stream: string): Promise<Dlsn | undefined>;

  /**
   * Keeps a small value beside the stream; durable when it resolves. If two writers race, either may win.
   * Rejects with `STREAM_INVALID` for a name that is too long.
   */
  putNote(stream: string, name: string, value: JsonValue): Promise<void>;
  noteNames(stream: string): Promise<readonly string[]>;
  notes(stream: string): Promise<ReadonlyMap<string, JsonValue>>;

  /** Removes what dead processes left beside the stream, for its new owner; nothing waits for it. */
  tidy?(permit: Permit): Promise<void>;

  /** The files, if the storage has them on this machine: for checks and repairs. */
  raw?(stream: string): RawStream;
  /** What exists, and which parts of it are unreadable: for checks of a storage without files. */
  inspect?(stream: string): Promise<Inspected>;
  /** Continues without the records that cannot be read. The caller must have fenced every earlier owner. */
  giveUpDamaged?(stream: string): Promise<void>;
}

export interface Inspected {
  /** All undamaged segments. */
  readonly segments: readonly StoredSegment[];
  /** The numbers of all segments, damaged or not. */
  readonly lssns: readonly number[];
  readonly damage: readonly StoredDamage[];
  readonly mark: Dlsn | undefined;
}

export interface StoredDamage {
  readonly where: string;
  readonly place: string;
  readonly what: string;
}

/** A stream's files, and the directory that contains all streams. */
export interface RawStream {
  readonly fs: FileSystem;
  readonly files: StreamFiles;
  readonly root: string;
}

/** The right to write a stream. If several were granted, the one with the highest epoch counts. */
export interface Permit {
  readonly stream: string;
  readonly epoch: number;
  /** 16 hexadecimal digits, new for every owner: they distinguish two owners that received the same epoch. */
  readonly token: string;
}

export type FenceResult =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused'; readonly promised: number };

export interface StandingSeal {
  readonly seal: Seal;
  readonly crc: number;
}

export interface StoredSegment {
  readonly header: SegmentHeader;
  /** The seed for the CRCs of its entries and its seal. */
  readonly seed: number;
  /** Undefined while it is being written, or was left behind. */
  readonly sealed: StandingSeal | undefined;
}

/** One owner's handle on the segment that it writes. Only one call may run at a time. */
export interface SegmentAppender {
  readonly seed: number;
  /**
   * Writes one entry behind the last. Resolves when it is as durable as the header says, and when after that
   * the permit still stood. Rejects with `SEGMENT_FENCED` when it did not, and with `SEGMENT_POISONED` after
   * any error of the medium. Either way it is unknown whether the entry will exist, and the appender refuses
   * all further calls.
   */
  append(entry: Buffer): Promise<void>;
  /**
   * Ends the segment, durably. Returns the seal that stands, which is another owner's (of a higher epoch) if
   * that came first. Rejects like `append`.
   */
  seal(seal: Seal): Promise<StandingSeal>;
  close(): Promise<void>;
}

export interface SegmentReader {
  readonly segment: StoredSegment;
  /**
   * Reads whole entries from number `from` on: as many as begin within `bytesMax`, and at least one if there
   * is one. Empty at the end of the entries. Unconfirmed entries are among them: the caller knows how far it
   * may read. Rejects with `SEGMENT_CORRUPT` for damage below the seal.
   */
  read(from: number, bytesMax: number): Promise<readonly Entry[]>;
  /** The caller has those entries from elsewhere: the next read continues behind them. */
  passed(entries: readonly Entry[]): void;
  /** The number of the first entry that ends at or above a value, or of the one after the last entry. */
  seek(by: SeekBy): Promise<number>;
  /** Checks whether the segment has been sealed by now. Rejects with `LOG_GAP` when it was removed. */
  refresh(): Promise<StandingSeal | undefined>;
  close(): Promise<void>;
}

/** `lastTransactionId` or `writtenAtMs` of an entry, neither of which decreases in a stream. */
export interface SeekBy {
  readonly field: 'lastTransactionId' | 'writtenAtMs';
  readonly value: number;
}
