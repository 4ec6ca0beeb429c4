import type { Dlsn } from '../format/dlsn.ts';
import type { LogRecord } from '../format/entry.ts';
import type { SegmentEntry } from '../format/segment-entry.ts';

export type ReadResult =
  /** At least one record, in order, without a gap. */
  { readonly kind: 'records'; readonly records: readonly LogRecord[] } | NothingRead;

export type ReadEntriesResult = EntriesRead | NothingRead;

/** Whole entries that have records. The records of the first entry before `firstSlot` were not requested. */
export interface EntriesRead {
  readonly kind: 'entries';
  readonly entries: readonly SegmentEntry[];
  readonly firstSlot: number;
}

type NothingRead =
  /** There is nothing more yet; `idleForMs` is the time since the reader last saw something. */
  | { readonly kind: 'idle'; readonly idleForMs: number }
  | Moved
  /** The stream is sealed and all of it was read. */
  | { readonly kind: 'end' };

/**
 * The next records were truncated: reading continues at `to`. Returned once, before the records from there.
 */
export interface Moved {
  readonly kind: 'moved';
  readonly from: Dlsn;
  readonly to: Dlsn;
}
