import { type LatencyCountsByWindow, latencyBucketOf, latencyBuckets } from '../../topology/index.ts';
import { allTimeWindow, RollingCounts } from './rolling-counts.ts';

const windows = [600] as const;
const windowNames = [...windows.map(String), allTimeWindow];

/**
 * The latencies of one executor over the last ten minutes and since its start, in counts that add up over
 * executors (topology/latency-buckets.ts). Takes 40 KB once something was recorded.
 */
export class LatencyHistogram {
  #counts: RollingCounts | undefined;
  #nowMs: number;

  constructor(startedAtMs: number) {
    this.#nowMs = startedAtMs;
  }

  record(latencyMs: number, count = 1): void {
    this.add(latencyBucketOf(latencyMs), count);
  }

  add(bucket: number, count: number): void {
    this.#counts ??= new RollingCounts(latencyBuckets, this.#nowMs, windows);
    if (bucket >= 0 && bucket < latencyBuckets) this.#counts.add(bucket, count);
  }

  rotate(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#counts?.rotate(nowMs);
  }

  /** Undefined when nothing was ever recorded. */
  read(): LatencyCountsByWindow | undefined {
    const counts = this.#counts;
    if (counts === undefined) return undefined;
    return Object.fromEntries(
      windowNames.map((name, window) => {
        const pairs: number[] = [];
        for (let bucket = 0; bucket < latencyBuckets; bucket++) {
          const count = Math.trunc(counts.read(window, bucket));
          if (count > 0) pairs.push(bucket, count);
        }
        return [name, pairs];
      }),
    );
  }
}
