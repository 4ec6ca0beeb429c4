package egret.host;

import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.storm.metrics2.StormMetricRegistry;
import org.apache.storm.metrics2.TaskMetrics;
import org.apache.storm.task.WorkerTopologyContext;
import org.apache.storm.utils.ConfigUtils;

/**
 * A spout task's metrics for reporters. They are sampled as in Storm, although this class sees the end of
 * every tree.
 */
final class SampledTaskMetrics extends TaskMetrics {
    private final BooleanSupplier sampler;

    SampledTaskMetrics(WorkerTopologyContext context, String component, int task, StormMetricRegistry registry,
            Map<String, Object> conf) {
        super(context, component, task, registry, conf);
        sampler = ConfigUtils.mkStatsSampler(conf);
    }

    @Override
    public void spoutAckedTuple(String streamId, long latencyMs) {
        if (sampler.getAsBoolean()) {
            super.spoutAckedTuple(streamId, latencyMs);
        }
    }

    @Override
    public void spoutFailedTuple(String streamId) {
        if (sampler.getAsBoolean()) {
            super.spoutFailedTuple(streamId);
        }
    }
}
