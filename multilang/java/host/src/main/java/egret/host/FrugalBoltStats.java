package egret.host;

import java.util.List;
import org.apache.storm.daemon.Task;
import org.apache.storm.stats.BoltExecutorStats;

/**
 * A bolt executor's sampled statistics, from which reporters get the capacity. Storm recomputes the capacity
 * for every sampled tuple, which takes microseconds; this class recomputes it once a second.
 */
final class FrugalBoltStats extends BoltExecutorStats {
    private long capacityAtSecs = -1;

    FrugalBoltStats(int rate, int buckets) {
        super(rate, buckets);
    }

    @Override
    @SuppressWarnings("unchecked")
    public void boltExecuteTuple(String component, String stream, long latencyMs, long uptimeSecs, Task firstTask) {
        if (uptimeSecs != capacityAtSecs) {
            capacityAtSecs = uptimeSecs;
            super.boltExecuteTuple(component, stream, latencyMs, uptimeSecs, firstTask);
            return;
        }
        List<String> input = List.of(component, stream);
        getExecuted().incBy(input, rate);
        getExecuteLatencies().record(input, latencyMs);
    }
}
