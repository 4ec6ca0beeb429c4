import assert from 'node:assert/strict';
import fc from 'fast-check';
import { latencyBucketOf, latencyBuckets, latencyOfBucket, percentilesOf } from './latency-buckets.ts';

describe('latency buckets', () => {
  it('put a latency into a bucket whose middle is within 6.3 % of it, up to an hour', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 3_600_000, noNaN: true }), (ms) => {
        const middle = latencyOfBucket(latencyBucketOf(ms));
        // Whole microseconds are counted: below eight of them the step is the error.
        assert(Math.abs(middle - ms) <= Math.max(0.001, ms * 0.063), `${ms} -> ${middle}`);
      }),
    );
  });

  it('keep the order, and have a place for everything', () => {
    const values = [-1, 0, Number.NaN, 0.0005, 0.001, 0.007, 0.008, 1, 1000, 4_294_967, 1e12, Infinity];
    const buckets = values.map(latencyBucketOf);
    assert.deepEqual(buckets.slice(0, 4), [0, 0, 0, 0]);
    assert.deepEqual(
      [...buckets].sort((left, right) => left - right),
      buckets,
    );
    assert.equal(buckets.at(-1), latencyBuckets - 1);
  });

  it('add up to the percentiles of all that was counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1 }), {
          minLength: 1,
          maxLength: 3,
        }),
        (tasks) => {
          const counted = tasks.map((latencies) => {
            const counts = new Map<number, number>();
            for (const ms of latencies) {
              counts.set(latencyBucketOf(ms), (counts.get(latencyBucketOf(ms)) ?? 0) + 1);
            }
            return [...counts].sort(([left], [right]) => left - right).flat();
          });
          const all = tasks.flat().sort((left, right) => left - right);
          const percentiles = percentilesOf(counted)!;
          assert.equal(percentiles.count, all.length);
          const exact = (share: number): number => all[Math.ceil(share * all.length) - 1]!;
          for (const [share, told] of [
            [0.5, percentiles.p50Ms],
            [0.9, percentiles.p90Ms],
            [0.99, percentiles.p99Ms],
            [0.999, percentiles.p999Ms],
          ] as const) {
            assert(
              Math.abs(told - exact(share)) <= exact(share) * 0.063,
              `${share}: ${told}, ${exact(share)}`,
            );
          }
        },
      ),
    );
    assert.equal(percentilesOf([[], []]), undefined);
  });
});
