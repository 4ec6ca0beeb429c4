import type { JsonValue } from '../base/index.ts';

/**
 * What was read from the state store or from a file, checked for everything that the code relies on. A record
 * outlives the process that wrote it: a disk, a person or another version may have changed it in the
 * meantime.
 */
export type Reading<T> =
  | { readonly kind: 'read'; readonly record: T }
  /** `reason`: one line, of bounded length. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** The place of one record in the state store, and the check of what is found there. */
export interface RecordKey<T> {
  readonly path: string;
  readonly check: (value: JsonValue | undefined) => Reading<T>;
}

/** All records whose paths begin with `prefix`. The rest of a path is the id of its record in the group. */
export interface RecordGroup<T> {
  readonly prefix: string;
  readonly check: (id: string, value: JsonValue | undefined) => Reading<T>;
}

/** A list of records, which keeps the newest ones only. */
export interface ListKey<T> {
  readonly path: string;
  readonly check: (value: JsonValue | undefined) => Reading<T>;
}

/** All lists whose paths begin with `prefix`. */
export interface ListGroup {
  readonly prefix: string;
}

/** A lease and the record that its holder publishes with it. */
export interface LeaseKey<T> {
  readonly path: string;
  readonly check: (value: JsonValue | undefined) => Reading<T>;
}

/** The record, or undefined where it is missing or damaged. */
export function recordOf<T>(reading: Reading<T> | undefined): T | undefined {
  return reading?.kind === 'read' ? reading.record : undefined;
}

/** The records of those readings that could be read. */
export function readable<T>(readings: readonly Reading<T>[]): T[] {
  return readings.flatMap((reading) => (reading.kind === 'read' ? [reading.record] : []));
}
