package egret.host;

import org.apache.storm.stats.SpoutExecutorStats;

/** Takes the place of a spout executor's statistics where every tree is told to them. */
final class CountingSpoutStats extends SpoutExecutorStats {
    /** Of counts that nobody adds to. */
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
