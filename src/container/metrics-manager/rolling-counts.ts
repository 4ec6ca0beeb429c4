/** The windows of Storm's statistics (ClientStatsUtil 2.8), each kept in 20 buckets (`num.stat.buckets`). */
export const windowSeconds = [600, 10_800, 86_400] as const;
export const allTimeWindow = ':all-time';
export const windowKeys: readonly string[] = [...windowSeconds.map(String), allTimeWindow];

const bucketsPerWindow = 20;
/**
 * Storm rotates all windows together, once in the time of a bucket of the smallest, and begins a bucket of a
 * longer window when enough has gone by. One bucket less than there are makes up a window, so that a whole
 * one is always there.
 */
export const rotationMs = Math.trunc((windowSeconds[0] * 1000) / (bucketsPerWindow - 1));

/** The starts of the last 20 buckets of a window, and the totals at each. */
interface Ring {
  readonly windowMs: number;
  readonly bucketMs: number;
  /** Place of the newest start. */
  newest: number;
  readonly startsMs: Float64Array;
  /** Row r at start k lies at k * rows + r. */
  totals: Float64Array;
}

/**
 * Exact counts over Storm's rolling windows, one row for each thing counted. Counting is one addition;
 * windows are found by subtraction: at the start of each bucket the totals are remembered, and a window holds
 * the total less what it was when the window began. Within the oldest bucket that is a share by time, as in
 * Storm (CountStat 2.8). Rows may be added at any time; what is not given is 0. Windows go by their place in
 * `windows`, and after the last one comes everything since the start.
 */
export class RollingCounts {
  #totals: Float64Array;
  #rows: number;
  #nowMs: number;
  #rotatedAtMs: number;
  readonly #rings: readonly Ring[];

  constructor(rows: number, startedAtMs: number, windows: readonly number[] = windowSeconds) {
    this.#rows = rows;
    this.#nowMs = startedAtMs;
    this.#rotatedAtMs = startedAtMs;
    this.#totals = new Float64Array(rows);
    this.#rings = windows.map((seconds) => ({
      windowMs: seconds * 1000,
      bucketMs: Math.trunc((seconds * 1000) / (bucketsPerWindow - 1)),
      newest: 0,
      startsMs: new Float64Array(bucketsPerWindow).fill(startedAtMs),
      totals: new Float64Array(rows * bucketsPerWindow),
    }));
  }

  get rows(): number {
    return this.#rows;
  }

  add(row: number, amount: number): void {
    this.#totals[row]! += amount;
  }

  /** Makes room for at least so many rows. */
  grow(rows: number): void {
    if (rows <= this.#rows) return;
    const widen = (old: Float64Array, copies: number): Float64Array => {
      const wide = new Float64Array(rows * copies);
      for (let copy = 0; copy < copies; copy++) {
        wide.set(old.subarray(copy * this.#rows, (copy + 1) * this.#rows), copy * rows);
      }
      return wide;
    };
    this.#totals = widen(this.#totals, 1);
    for (const ring of this.#rings) ring.totals = widen(ring.totals, bucketsPerWindow);
    this.#rows = rows;
  }

  /**
   * Starts the buckets that are due. Call it about once a second, and before reading. Time that steps back is
   * ignored.
   */
  rotate(nowMs: number): void {
    if (nowMs <= this.#nowMs) return;
    this.#nowMs = nowMs;
    if (nowMs - this.#rotatedAtMs < rotationMs) return;
    // Kept to its beat however late we are, as by Storm's timer.
    this.#rotatedAtMs += Math.trunc((nowMs - this.#rotatedAtMs) / rotationMs) * rotationMs;
    for (const ring of this.#rings) {
      if (nowMs - ring.startsMs[ring.newest]! < ring.bucketMs) continue;
      ring.newest = (ring.newest + 1) % bucketsPerWindow;
      ring.startsMs[ring.newest] = this.#rotatedAtMs;
      ring.totals.set(this.#totals, ring.newest * this.#rows);
    }
  }

  /** The count of a row in a window, as of the last rotation. Not whole where the oldest bucket is shared. */
  read(windowIndex: number, row: number): number {
    const total = this.#totals[row]!;
    const ring = this.#rings[windowIndex];
    if (ring === undefined) return total;
    const beginMs = this.#nowMs - ring.windowMs;
    const at = (age: number): number => (ring.newest + bucketsPerWindow - age) % bucketsPerWindow;
    let laterMs = this.#nowMs;
    let later = total;
    for (let age = 0; age < bucketsPerWindow; age++) {
      const startMs = ring.startsMs[at(age)]!;
      const start = ring.totals[at(age) * this.#rows + row]!;
      if (startMs <= beginMs) {
        const share = laterMs === startMs ? 0 : (laterMs - beginMs) / (laterMs - startMs);
        return total - later + share * (later - start);
      }
      laterMs = startMs;
      later = start;
    }
    return total - later;
  }
}
