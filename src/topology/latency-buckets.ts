/**
 * Latencies counted in buckets, so that the percentiles of many tasks can be computed from the sum of their
 * counts. A bucket is an eighth of a power of two wide, from one microsecond to an hour and more: a
 * percentile is true to 6 %. Storm has averages only. The rule is also in Java (egret.host.LatencyBuckets).
 */
export const latencyBuckets = 240;
const perDoubling = 8;
const latencyUsMax = 0xffff_ffff;

/** Bucket, count, bucket, count ... by ascending bucket, for a window of Storm's ("600", ":all-time"). */
export type LatencyCounts = readonly number[];
export type LatencyCountsByWindow = Readonly<Record<string, LatencyCounts>>;

export interface Percentiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** The bucket of a latency in milliseconds; what is no latency counts as none. */
export function latencyBucketOf(ms: number): number {
  const us = Math.min(latencyUsMax, Math.max(0, Math.trunc(ms * 1000) || 0));
  if (us < perDoubling) return us;
  const exponent = 31 - Math.clz32(us);
  return perDoubling * (exponent - 2) + ((us >>> (exponent - 3)) & (perDoubling - 1));
}

/** The middle of a bucket, in milliseconds. */
export function latencyOfBucket(bucket: number): number {
  if (bucket < perDoubling) return bucket / 1000;
  const exponent = Math.floor(bucket / perDoubling) + 2;
  const width = 2 ** (exponent - 3);
  return (2 ** exponent + ((bucket % perDoubling) + 0.5) * width) / 1000;
}

/** Sums of the counts of several tasks; undefined when nothing was counted. */
export function percentilesOf(counts: readonly LatencyCounts[]): Percentiles | undefined {
  const sums = new Float64Array(latencyBuckets);
  let total = 0;
  for (const each of counts) {
    for (let at = 0; at + 1 < each.length; at += 2) {
      const bucket = each[at]!;
      if (bucket < 0 || bucket >= latencyBuckets) continue;
      sums[bucket]! += each[at + 1]!;
      total += each[at + 1]!;
    }
  }
  if (total <= 0) return undefined;
  const at = (share: number): number => latencyOfBucket(bucketAt(sums, share * total));
  return { count: total, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), p999Ms: at(0.999) };
}

/** The first bucket by which so many are counted. */
function bucketAt(sums: Float64Array, wanted: number): number {
  let counted = 0;
  let last = 0;
  for (let bucket = 0; bucket < sums.length; bucket++) {
    if (sums[bucket] === 0) continue;
    counted += sums[bucket]!;
    last = bucket;
    if (counted >= wanted) break;
  }
  return last;
}
