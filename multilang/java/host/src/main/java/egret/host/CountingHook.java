package egret.host;

import java.util.Collection;
import java.util.Map;
import org.apache.storm.hooks.ITaskHook;
import org.apache.storm.hooks.info.BoltAckInfo;
import org.apache.storm.hooks.info.BoltExecuteInfo;
import org.apache.storm.hooks.info.BoltFailInfo;
import org.apache.storm.hooks.info.EmitInfo;
import org.apache.storm.hooks.info.SpoutAckInfo;
import org.apache.storm.hooks.info.SpoutFailInfo;
import org.apache.storm.task.TopologyContext;

/**
 * Counts what a task does: Storm calls a task's hooks for every event, and gives the latency of those that it
 * samples.
 */
final class CountingHook implements ITaskHook {
    private final ExecutorCounts counts;
    /** Null where trees are not counted here. */
    private final String onlyStream;

    private CountingHook(ExecutorCounts counts, String onlyStream) {
        this.counts = counts;
        this.onlyStream = onlyStream;
    }

    /** Creates the hook of a bolt, or of a spout whose trees are not counted or are counted elsewhere. */
    static CountingHook of(ExecutorCounts counts) {
        return new CountingHook(counts, null);
    }

    /**
     * Creates the hook of a spout with one stream: Storm does not tell hooks which stream a tree began on.
     */
    static CountingHook ofSpout(ExecutorCounts counts, String onlyStream) {
        return new CountingHook(counts, onlyStream);
    }

    @Override
    public void emit(EmitInfo info) {
        Collection<Integer> targets = info.outTasks;
        int tasks = targets.size();
        if (tasks == 1 && targets.iterator().next() == null) {
            tasks = 0; // a direct emit to a task that does not take the stream
        }
        counts.emitted(info.stream, tasks);
    }

    @Override
    public void boltExecute(BoltExecuteInfo info) {
        counts.executed(info.tuple, measured(info.executeLatencyMs));
    }

    @Override
    public void boltAck(BoltAckInfo info) {
        counts.acked(info.tuple, measured(info.processLatencyMs));
    }

    @Override
    public void boltFail(BoltFailInfo info) {
        counts.failed(info.tuple);
    }

    @Override
    public void spoutAck(SpoutAckInfo info) {
        if (onlyStream != null) {
            counts.treeAcked(onlyStream, measured(info.completeLatencyMs));
        }
    }

    @Override
    public void spoutFail(SpoutFailInfo info) {
        if (onlyStream != null) {
            counts.treeFailed(onlyStream);
        }
    }

    private static long measured(Long latencyMs) {
        return latencyMs == null ? -1 : latencyMs;
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context) {
    }

    @Override
    public void cleanup() {
    }
}
