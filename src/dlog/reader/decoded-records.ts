import type { LogRecord } from '../format/entry.ts';
import type { SegmentEntry } from '../format/segment-entry.ts';

/** The records of a reader that were decoded and not yet returned. */
export class DecodedRecords {
  /** Records below this transaction id are skipped, up to the first that is not. */
  #skipBelow: number;
  #records: LogRecord[] = [];
  /** Invariant: less than the length of #records, or both are 0. The records before it were returned. */
  #from = 0;

  constructor(skipBelow: number) {
    this.#skipBelow = skipBelow;
  }

  /** The record to return next. */
  get first(): LogRecord | undefined {
    return this.#records[this.#from];
  }

  /**
   * Decodes entries in order, the first from slot `firstSlot` on. Returns how many: fewer than all when the
   * next one cannot be decoded.
   */
  add(entries: readonly SegmentEntry[], firstSlot: number): number {
    for (const [index, entry] of entries.entries()) {
      const slot = index === 0 ? firstSlot : 0;
      const records = entry.records();
      if (records === undefined) return index;
      for (const record of records) {
        if (record.slot < slot || record.transactionId < this.#skipBelow) continue;
        this.#skipBelow = 0;
        this.#records.push(record);
      }
    }
    return entries.length;
  }

  take(recordsMax: number): LogRecord[] {
    const records = this.#records.slice(this.#from, this.#from + recordsMax);
    this.#from += records.length;
    if (this.#from === this.#records.length) {
      this.#records = [];
      this.#from = 0;
    }
    return records;
  }
}
