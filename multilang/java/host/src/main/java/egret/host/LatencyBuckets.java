package egret.host;

import java.util.ArrayList;
import java.util.List;

/** Counts latencies in buckets an eighth of a power of two wide, as src/topology/latency-buckets.ts does. */
final class LatencyBuckets {
    private static final int PER_DOUBLING = 8;
    private static final int BUCKETS = 240;
    private static final long MICROS_MAX = 0xffff_ffffL;

    private final long[] counts = new long[BUCKETS];

    void add(long ms) {
        counts[bucketOf(ms)]++;
    }

    static int bucketOf(long ms) {
        long us = Math.min(MICROS_MAX, Math.max(0, ms) * 1000);
        if (us < PER_DOUBLING) {
            return (int) us;
        }
        int exponent = 63 - Long.numberOfLeadingZeros(us);
        return PER_DOUBLING * (exponent - 2) + (int) (us >>> (exponent - 3) & (PER_DOUBLING - 1));
    }

    /** Bucket, count, bucket, count ... */
    List<Object> pairs() {
        List<Object> pairs = new ArrayList<>();
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            if (counts[bucket] > 0) {
                pairs.add(bucket);
                pairs.add(counts[bucket]);
            }
        }
        return pairs;
    }
}
