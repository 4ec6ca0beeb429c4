package egret.host;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.apache.storm.tuple.Tuple;

/**
 * What one executor has counted since it began: every event, where Storm counts one in twenty. Latencies are
 * as many as Storm samples. A count is one addition without a lock: tuples are executed by the executor's
 * thread, and a collector is used by one thread at a time, as Storm demands; the two never add to the same
 * number.
 */
final class ExecutorCounts {
    private final List<Integer> executor;
    private final String componentId;
    private final boolean isSpout;
    /**
     * A new stream replaces the array and keeps the rows. All tasks of a source component share one input
     * row.
     */
    private volatile Stream[] streams = {};
    private volatile Input[] inputs = {};
    /**
     * The size of each of the following caches of rows, a power of two. Execute uses the first one, the
     * collector the others. A hash of what a row counts is its index.
     */
    private static final int SLOTS = 64;
    private final Found[] executed = new Found[SLOTS];
    private final Found[] ended = new Found[SLOTS];
    private final Stream[] emitted = new Stream[SLOTS];
    private final LatencyBuckets latencies = new LatencyBuckets();

    ExecutorCounts(List<Integer> executor, String componentId, boolean isSpout) {
        this.executor = executor;
        this.componentId = componentId;
        this.isSpout = isSpout;
    }

    private static final class Stream {
        private final String id;
        private long emitted;
        private long transferred;

        Stream(String id) {
            this.id = id;
        }
    }

    private static final class Input {
        private final String name;
        private long acked;
        private long failed;
        private long executed;
        private long executeMs;
        private long executeCount;
        private long latencyMs;
        private long latencyCount;

        Input(String name) {
            this.name = name;
        }
    }

    private record Found(int sourceTask, String streamId, Input input) {
    }

    void emitted(String streamId, int tasks) {
        int slot = streamId.hashCode() & (SLOTS - 1);
        Stream stream = emitted[slot];
        if (stream == null || stream.id != streamId) {
            stream = stream(streamId);
            emitted[slot] = stream;
        }
        stream.emitted++;
        stream.transferred += tasks;
    }

    /** A latency below 0 was not measured. */
    void executed(Tuple tuple, long latencyMs) {
        Input input = input(tuple, executed);
        input.executed++;
        if (latencyMs >= 0) {
            input.executeMs += latencyMs;
            input.executeCount++;
        }
    }

    void acked(Tuple tuple, long latencyMs) {
        acked(input(tuple, ended), latencyMs);
    }

    void failed(Tuple tuple) {
        input(tuple, ended).failed++;
    }

    /** A spout's trees, by the stream that they began on. */
    void treeAcked(String streamId, long latencyMs) {
        acked(input(streamId), latencyMs);
    }

    void treeFailed(String streamId) {
        input(streamId).failed++;
    }

    private Input input(Tuple tuple, Found[] found) {
        int sourceTask = tuple.getSourceTask();
        String streamId = tuple.getSourceStreamId();
        int slot = (sourceTask + streamId.hashCode()) & (SLOTS - 1);
        Found at = found[slot];
        if (at == null || at.sourceTask != sourceTask || at.streamId != streamId) {
            at = new Found(sourceTask, streamId, input(tuple.getSourceComponent() + '\0' + streamId));
            found[slot] = at;
        }
        return at.input;
    }

    private void acked(Input input, long latencyMs) {
        input.acked++;
        if (latencyMs >= 0) {
            input.latencyMs += latencyMs;
            input.latencyCount++;
            latencies.add(latencyMs);
        }
    }

    private Stream stream(String id) {
        for (Stream stream : streams) {
            if (stream.id.equals(id)) {
                return stream;
            }
        }
        return addStream(id);
    }

    private synchronized Stream addStream(String id) {
        Stream added = new Stream(id);
        streams = with(streams, added);
        return added;
    }

    private Input input(String name) {
        for (Input input : inputs) {
            if (input.name.equals(name)) {
                return input;
            }
        }
        return addInput(name);
    }

    private synchronized Input addInput(String name) {
        for (Input input : inputs) {
            if (input.name.equals(name)) {
                return input; // execute and the collector meet a new input at the same time
            }
        }
        Input added = new Input(name);
        inputs = with(inputs, added);
        return added;
    }

    private static <T> T[] with(T[] rows, T added) {
        T[] more = Arrays.copyOf(rows, rows.length + 1);
        more[rows.length] = added;
        return more;
    }

    /** As ExecutorTotals of src/container/links/protocol.ts. */
    Map<String, Object> totals() {
        Map<String, Object> totals = new LinkedHashMap<>();
        totals.put("executor", executor);
        totals.put("componentId", componentId);
        totals.put("kind", isSpout ? "spout" : "bolt");
        Map<String, Object> emitted = new LinkedHashMap<>();
        Map<String, Object> transferred = new LinkedHashMap<>();
        for (Stream stream : streams) {
            emitted.put(stream.id, stream.emitted);
            transferred.put(stream.id, stream.transferred);
        }
        totals.put("emitted", emitted);
        totals.put("transferred", transferred);
        totals.put("acked", byInput(input -> input.acked));
        totals.put("failed", byInput(input -> input.failed));
        totals.put("executed", byInput(input -> input.executed));
        Map<String, Object> executeMs = new LinkedHashMap<>();
        Map<String, Object> latencyMs = new LinkedHashMap<>();
        for (Input input : inputs) {
            executeMs.put(input.name, List.of(input.executeMs, input.executeCount));
            latencyMs.put(input.name, List.of(input.latencyMs, input.latencyCount));
        }
        totals.put("executeMs", executeMs);
        totals.put("latencyMs", latencyMs);
        totals.put("latencyBuckets", latencies.pairs());
        return totals;
    }

    private Map<String, Object> byInput(ToLongFunction<Input> count) {
        Map<String, Object> counts = new LinkedHashMap<>();
        for (Input input : inputs) {
            counts.put(input.name, count.applyAsLong(input));
        }
        return counts;
    }
}
