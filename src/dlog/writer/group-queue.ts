import { entryRecordsMax } from '../format/entry.ts';
import { EntryBuilder } from '../format/entry-builder.ts';
import type { AppendOutcome } from './outcome.ts';

export interface QueueLimits {
  /** The most bytes in an entry, unless one append alone has more. */
  readonly groupBytesMax: number;
  readonly groupRecordsMax: number;
  /** The most payload bytes that wait or are being written. */
  readonly queueBytesMax: number;
  readonly queueRecordsMax: number;
}

export interface Waiter {
  readonly slot: number;
  readonly count: number;
  readonly lastTransactionId: number;
  readonly resolve: (outcome: AppendOutcome) => void;
}

/** The appends that will become one entry. */
export interface Group {
  readonly builder: EntryBuilder;
  readonly waiters: Waiter[];
  payloadBytes: number;
}

/** The number of builders that are kept for the next groups. */
const idleBuildersMax = 4;

/**
 * Appends that arrive while the disk is busy gather here in groups, one entry each: the slower the disk, the
 * larger the groups. Payloads are copied into the entry at once, while the disk works, and an append is never
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
   * Whether there is room for the append. One that exceeds the limit is accepted when nothing waits;
   * otherwise it never could be.
   */
  hasRoom(bytes: number, records: number): boolean {
    if (this.#records === 0) return true;
    const { queueBytesMax, queueRecordsMax } = this.#limits;
    return this.#bytes + bytes <= queueBytesMax && this.#records + records <= queueRecordsMax;
  }

  /** Returns the group for an append of that size. The caller adds its records and its waiter. */
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

  /**
   * Returns the oldest group, which from now on belongs to its writer. It counts as waiting until it is
   * released.
   */
  take(): Group | undefined {
    return this.#groups.shift();
  }

  /** The group has been written, or never will be. */
  release(group: Group): void {
    this.#bytes -= group.payloadBytes;
    this.#records -= group.builder.count;
    group.builder.clear();
    if (this.#idle.length < idleBuildersMax) this.#idle.push(group.builder);
  }
}
