import { unpack } from './codec.ts';
import { type Entry, type LogRecord, recordsOf } from './entry.ts';

/** An entry and the segment that contains it. Its records are decoded on demand. */
export class SegmentEntry {
  readonly lssn: number;
  readonly entry: Entry;
  readonly #isShared: () => boolean;
  #records: readonly LogRecord[] | undefined;

  /**
   * Decoded records are kept only where other readers will ask too: a million small objects that live for a
   * second are expensive.
   */
  constructor(lssn: number, entry: Entry, isShared = (): boolean => false) {
    this.lssn = lssn;
    this.entry = entry;
    this.#isShared = isShared;
  }

  /** Undefined when the records contradict the entry's header. */
  records(): readonly LogRecord[] | undefined {
    const records = this.#records ?? recordsOf(this.lssn, this.entry);
    if (this.#isShared()) this.#records = records;
    return records;
  }

  /**
   * The uncompressed bytes of the records (layout: entry.ts), or a view of the entry's own bytes if they are
   * not compressed. Undefined when they do not decompress to what the header says.
   */
  plain(): Buffer | undefined {
    return unpack({ code: this.entry.packing, bytes: this.entry.packed }, this.entry.plainBytes);
  }
}
