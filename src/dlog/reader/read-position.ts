import { GatewayError } from '../../base/index.ts';
import { type Dlsn, formatDlsn } from '../format/dlsn.ts';
import type { SegmentEntry } from '../format/segment-entry.ts';
import type { EntriesRead } from './read-result.ts';

/**
 * How far a reader has come: the entry to fetch next, and before it the entries that were fetched and not yet
 * taken. Every step rejects a gap in the sequence ids with `LOG_GAP`.
 */
export class ReadPosition {
  readonly #stream: string;
  /** The segment and entry to fetch next. Invariant: together they never decrease. */
  #lssn: number;
  #entry: number;
  /** Records before this slot of entry #entry are skipped. */
  #skipSlots: number;
  /** Invariant: the first sequence id of entry #entry; undefined until an entry was read here. */
  #nextSequenceId: number | undefined;
  /**
   * Entries that were fetched and not yet taken. The caller does not want records of the first one before
   * #waitingSlot. Invariant: consecutive, and the last one directly precedes #entry of #lssn.
   */
  #waiting: SegmentEntry[] = [];
  #waitingSlot = 0;

  constructor(stream: string, at: Dlsn) {
    this.#stream = stream;
    this.#lssn = at.lssn;
    this.#entry = at.entry;
    this.#skipSlots = at.slot;
  }

  /** The segment of the entry to fetch next. */
  get lssn(): number {
    return this.#lssn;
  }

  /** The number of the entry to fetch next. */
  get entry(): number {
    return this.#entry;
  }

  /** The position of the next record to take, or of where it will be. */
  get next(): Dlsn {
    const [waiting] = this.#waiting;
    if (waiting !== undefined)
      return { lssn: waiting.lssn, entry: waiting.entry.entry, slot: this.#waitingSlot };
    return { lssn: this.#lssn, entry: this.#entry, slot: this.#skipSlots };
  }

  /** Takes all fetched entries. Undefined when there are none. */
  take(): EntriesRead | undefined {
    if (this.#waiting.length === 0) return undefined;
    const [entries, firstSlot] = [this.#waiting, this.#waitingSlot];
    this.#waiting = [];
    this.#waitingSlot = 0;
    return { kind: 'entries', entries, firstSlot };
  }

  /** Puts back the last of the entries just taken, which continue at `firstSlot`. */
  putBack(entries: SegmentEntry[], firstSlot: number): void {
    this.#waiting = entries;
    this.#waitingSlot = firstSlot;
  }

  /** The entry to fetch next was fetched. */
  fetched(segmentEntry: SegmentEntry): void {
    const { entry } = segmentEntry;
    this.#check(entry.firstSequenceId);
    if (entry.count > this.#skipSlots) {
      if (this.#waiting.length === 0) this.#waitingSlot = this.#skipSlots;
      this.#waiting.push(segmentEntry);
    }
    this.#skipSlots = 0;
    this.#entry = entry.entry + 1;
    this.#nextSequenceId = entry.firstSequenceId + entry.count;
  }

  /** The segment to fetch from was opened; its records begin with that sequence id. */
  opened(firstSequenceId: number): void {
    if (this.#entry === 0) this.#check(firstSequenceId);
  }

  /** The segment was fetched to its end. The next one begins with that sequence id. */
  nextSegment(firstSequenceId: number): void {
    this.#lssn += 1;
    this.#entry = 0;
    this.#skipSlots = 0;
    this.#nextSequenceId = firstSequenceId;
  }

  /** Continues at `to`, because everything before it was truncated. */
  move(to: Dlsn): void {
    this.#lssn = to.lssn;
    this.#entry = to.entry;
    this.#skipSlots = to.slot;
    this.#nextSequenceId = undefined;
  }

  #check(firstSequenceId: number): void {
    if (this.#nextSequenceId === undefined || firstSequenceId === this.#nextSequenceId) return;
    const expected = `sequence id ${this.#nextSequenceId}`;
    const found = firstSequenceId;
    throw new GatewayError(
      'LOG_GAP',
      `${this.#stream}: ${expected} is missing at ${formatDlsn(this.next)}, found ${found}`,
      { facts: { stream: this.#stream, expected, found } },
    );
  }
}
