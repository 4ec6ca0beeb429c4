/** The windows of Storm's statistics (ClientStatsUtil 2.8), each kept in 20 buckets (`num.stat.buckets`). */
export const windowSeconds = [600, 10_800, 86_400] as const;
export const allTimeWindow = ':all-time';
export const windowKeys: readonly string[] = [...windowSeconds.map(String), allTimeWindow];

const bucketsPerWindow = 20;

/**
 * Exact counts over Storm's rolling windows, one row for each thing counted. Counting is one addition; windows are
 * found by subtraction: at the start of each bucket the totals are remembered, and a window holds the total less what
 * was remembered at the start of its oldest bucket. So a window of 600 s covers 570 to 600 s, as in Storm.
 */
export class RollingCounts {
  readonly #totals: Float64Array;
  readonly #rows: number;
  readonly #startedAtMs: number;
  /** For each window its ring of remembered totals: bucket k lies at row k modulo 20. */
  readonly #remembered: readonly Float64Array[];
  readonly #bucket: number[] = windowSeconds.map(() => 0);

  constructor(rows: number, startedAtMs: number) {
    this.#rows = rows;
    this.#startedAtMs = startedAtMs;
    this.#totals = new Float64Array(rows);
    this.#remembered = windowSeconds.map(() => new Float64Array(rows * bucketsPerWindow));
  }

  add(row: number, amount: number): void {
    this.#totals[row]! += amount;
  }

  /** Starts the buckets that are due. Call it about once a second, and before reading. Time that steps back is ignored. */
  rotate(nowMs: number): void {
    for (let window = 0; window < windowSeconds.length; window++) {
      const bucketMs = (windowSeconds[window]! * 1000) / bucketsPerWindow;
      const due = Math.floor((nowMs - this.#startedAtMs) / bucketMs);
      const ring = this.#remembered[window]!;
      const first = Math.max(this.#bucket[window]! + 1, due - bucketsPerWindow + 1);
      for (let bucket = first; bucket <= due; bucket++) {
        ring.set(this.#totals, (bucket % bucketsPerWindow) * this.#rows);
      }
      if (due > this.#bucket[window]!) this.#bucket[window] = due;
    }
  }

  /** The count of a row in a window of {@link windowKeys}. */
  read(windowIndex: number, row: number): number {
    const total = this.#totals[row]!;
    const ring = this.#remembered[windowIndex];
    if (ring === undefined) return total;
    const oldest = (this.#bucket[windowIndex]! + 1) % bucketsPerWindow;
    return total - ring[oldest * this.#rows + row]!;
  }
}
