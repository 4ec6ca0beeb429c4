package egret.host;

import org.apache.storm.stats.SpoutExecutorStats;

/** Replaces a spout executor's statistics where the executor reports every tree to them. */
final class CountingSpoutStats extends SpoutExecutorStats {
    /** The superclass requires buckets for its own counts, which stay at zero. */
    private static final int BUCKETS_MIN = 2;

    private final ExecutorCounts counts;

    CountingSpoutStats(ExecutorCounts counts) {
        super(1, BUCKETS_MIN);
        this.counts = counts;
    }

    @Override
    public void spoutAckedTuple(String stream, long latencyMs) {
        counts.treeAcked(stream, latencyMs);
    }

    @Override
    public void spoutFailedTuple(String stream) {
        counts.treeFailed(stream);
    }
}
