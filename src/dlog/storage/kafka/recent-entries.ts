import type { Entry } from '../../format/entry.ts';

const recentBytesMax = 4 * 1024 * 1024;
const recentCountMax = 4096;

/** The newest entries of the open segment, so that readers at the end need not fetch them again. */
export class RecentEntries {
  #lssn = 0;
  #entries: Entry[] = [];
  #bytes = 0;

  add(lssn: number, entry: Entry): void {
    const isNext = lssn === this.#lssn && this.#entries.at(-1)?.entry === entry.entry - 1;
    if (!isNext) this.clear();
    this.#lssn = lssn;
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    if (this.#bytes > recentBytesMax || this.#entries.length > recentCountMax) this.#dropOldest();
  }

  /**
   * Returns entries from that one on, within the bytes but at least one; undefined when it is not among them.
   */
  from(lssn: number, entry: number, bytesMax: number): readonly Entry[] | undefined {
    const index = lssn === this.#lssn ? entry - (this.#entries[0]?.entry ?? Number.POSITIVE_INFINITY) : -1;
    if (index < 0 || index >= this.#entries.length) return undefined;
    return withinBytes(this.#entries.slice(index), bytesMax);
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }

  /** Drops a quarter at once: moving the rest for every entry would cost more than it saves. */
  #dropOldest(): void {
    const dropped = this.#entries.splice(0, Math.max(1, this.#entries.length >> 2));
    for (const { bytes } of dropped) this.#bytes -= bytes;
  }
}

export function withinBytes(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  let bytes = 0;
  const end = entries.findIndex((entry, index) => {
    bytes += entry.bytes;
    return index > 0 && bytes > bytesMax;
  });
  return end === -1 ? entries : entries.slice(0, end);
}
