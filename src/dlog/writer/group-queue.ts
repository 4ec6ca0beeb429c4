import { entryRecordsMax } from '../format/entry.ts';
import { EntryBuilder } from '../format/entry-builder.ts';
import type { AppendOutcome } from './outcome.ts';

export interface QueueLimits {
  /** Bytes of an entry, unless one append alone has more. */
  readonly groupBytesMax: number;
  readonly groupRecordsMax: number;
  /** Payload bytes that wait or are being written. */
  readonly queueBytesMax: number;
  readonly queueRecordsMax: number;
}

export interface Waiter {
  readonly slot: number;
  readonly count: number;
  readonly lastTransactionId: number;
  readonly resolve: (outcome: AppendOutcome) => void;
}

/** What will be one entry. */
export interface Group {
  readonly builder: EntryBuilder;
  readonly waiters: Waiter[];
  payloadBytes: number;
}

/** Builders that are kept for the next groups. */
const idleBuildersMax = 4;

/**
 * What is appended while the disk is busy gathers here into groups, one entry each: the slower the disk, the
 * larger they get. Payloads are copied into the entry at once, while the disk works, and an append is never
 * split.
 */
export class GroupQueue {
  readonly #limits: QueueLimits;
  readonly #groups: Group[] = [];
  readonly #idle: EntryBuilder[] = [];
  #bytes = 0;
  #records = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /**
   * Whether as much may be added. An append above the limit is taken when nothing waits, or it never could
   * be.
   */
  hasRoom(bytes: number, records: number): boolean {
    if (this.#records === 0) return true;
    const { queueBytesMax, queueRecordsMax } = this.#limits;
    return this.#bytes + bytes <= queueBytesMax && this.#records + records <= queueRecordsMax;
  }

  /** The group that takes an append of that size. The caller adds its records and its waiter. */
  reserve(bytes: number, records: number): Group {
    this.#bytes += bytes;
    this.#records += records;
    const { groupBytesMax } = this.#limits;
    const groupRecordsMax = Math.min(this.#limits.groupRecordsMax, entryRecordsMax);
    const last = this.#groups.at(-1);
    const fits =
      last !== undefined &&
      last.builder.byteLength + bytes <= groupBytesMax &&
      last.builder.count + records <= groupRecordsMax;
    const group = fits
      ? last
      : { builder: this.#idle.pop() ?? new EntryBuilder(), waiters: [], payloadBytes: 0 };
    if (!fits) this.#groups.push(group);
    group.payloadBytes += bytes;
    return group;
  }

  /** The oldest group, for its writer alone. It counts as waiting until it is released. */
  take(): Group | undefined {
    return this.#groups.shift();
  }

  /** The group is written, or will never be. */
  release(group: Group): void {
    this.#bytes -= group.payloadBytes;
    this.#records -= group.builder.count;
    group.builder.clear();
    if (this.#idle.length < idleBuildersMax) this.#idle.push(group.builder);
  }
}
