import { unpack } from './codec.ts';
import { type Entry, type LogRecord, recordsOf } from './entry.ts';

/** An entry and the segment that contains it. Its records are decoded on demand. */
export class SegmentEntry {
  readonly lssn: number;
  readonly entry: Entry;
  readonly #isShared: () => boolean;
  #records: readonly LogRecord[] | undefined;

  /**
   * Records are kept only where others will ask too: a million small objects that live for a second are dear.
   */
  constructor(lssn: number, entry: Entry, isShared = (): boolean => false) {
    this.lssn = lssn;
    this.entry = entry;
    this.#isShared = isShared;
  }

  /** Undefined when they are not what the entry's header says. */
  records(): readonly LogRecord[] | undefined {
    const records = this.#records ?? recordsOf(this.lssn, this.entry);
    if (this.#isShared()) this.#records = records;
    return records;
  }

  /**
   * The records' bytes unpacked, as of the layout in entry.ts; a view of the entry's own where they are not
   * packed. Undefined when they do not unpack to what the header says.
   */
  plain(): Buffer | undefined {
    return unpack({ code: this.entry.packing, bytes: this.entry.packed }, this.entry.plainBytes);
  }
}
