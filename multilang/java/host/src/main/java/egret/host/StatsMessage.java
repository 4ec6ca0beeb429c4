package egret.host;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.storm.generated.BoltStats;
import org.apache.storm.generated.ClusterWorkerHeartbeat;
import org.apache.storm.generated.ExecutorInfo;
import org.apache.storm.generated.ExecutorSpecificStats;
import org.apache.storm.generated.ExecutorStats;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.generated.SpoutStats;

/**
 * A worker's heartbeat as the `stats` control message: exact counts where there are any, else Storm's sampled
 * statistics (ExecutorStatsRecord of src/topology/records.ts).
 */
final class StatsMessage {
    private StatsMessage() {
    }

    /** `componentOf` returns a task's component, or null for executors to leave out (`__system`). */
    static Map<String, Object> of(ClusterWorkerHeartbeat heartbeat, IntFunction<String> componentOf,
            ExactStats exact) {
        List<Object> executors = new ArrayList<>();
        heartbeat.get_executor_stats().forEach((executor, stats) -> {
            String component = componentOf.apply(executor.get_task_start());
            if (component != null && stats != null && !exact.has(executor.get_task_start(), executor.get_task_end())) {
                executors.add(record(executor, component, stats, heartbeat.get_uptime_secs()));
            }
        });
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("type", "stats");
        message.put("uptimeSecs", heartbeat.get_uptime_secs());
        message.put("executors", executors);
        message.put("totals", exact.totals());
        return message;
    }

    private static Map<String, Object> record(ExecutorInfo executor, String component, ExecutorStats stats, int uptimeSecs) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("executor", List.of(executor.get_task_start(), executor.get_task_end()));
        record.put("componentId", component);
        record.put("uptimeSecs", uptimeSecs);
        record.put("emitted", stats.get_emitted());
        record.put("transferred", stats.get_transferred());
        record.put("rate", stats.get_rate());
        record.put("specific", specific(stats.get_specific()));
        return record;
    }

    private static Map<String, Object> specific(ExecutorSpecificStats stats) {
        Map<String, Object> record = new LinkedHashMap<>();
        if (stats.is_set_spout()) {
            SpoutStats spout = stats.get_spout();
            record.put("kind", "spout");
            record.put("acked", spout.get_acked());
            record.put("failed", spout.get_failed());
            record.put("completeMsAvg", spout.get_complete_ms_avg());
            return record;
        }
        BoltStats bolt = stats.get_bolt();
        record.put("kind", "bolt");
        record.put("acked", byInput(bolt.get_acked()));
        record.put("failed", byInput(bolt.get_failed()));
        record.put("processMsAvg", byInput(bolt.get_process_ms_avg()));
        record.put("executed", byInput(bolt.get_executed()));
        record.put("executeMsAvg", byInput(bolt.get_execute_ms_avg()));
        return record;
    }

    /** Source component, a zero character, source stream: JSON has only strings for keys. */
    private static <N> Map<String, Object> byInput(Map<String, Map<GlobalStreamId, N>> windows) {
        Map<String, Object> result = new LinkedHashMap<>();
        windows.forEach((window, inputs) -> {
            Map<String, Object> counts = new LinkedHashMap<>();
            inputs.forEach((input, count) -> counts.put(input.get_componentId() + '\0' + input.get_streamId(), count));
            result.put(window, counts);
        });
        return result;
    }
}
