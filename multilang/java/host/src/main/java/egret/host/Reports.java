package egret.host;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.storm.generated.ClusterWorkerHeartbeat;
import org.apache.storm.generated.ErrorInfo;
import org.apache.storm.utils.Time;

/** What the worker tells the container, as control messages (src/container/links/protocol.ts). */
final class Reports implements ContainerState.Reports, Receiver.Faults {
    private final Link link;
    private final StartMessage start;
    private final ErrorThrottle throttle;
    private volatile ExactStats exact = ExactStats.none();

    Reports(Link link, StartMessage start, ErrorThrottle throttle) {
        this.link = link;
        this.start = start;
        this.throttle = throttle;
    }

    void counted(ExactStats exact) {
        this.exact = exact;
    }

    void started() {
        link.sendControl("{\"type\":\"started\"}");
    }

    void heartbeat() {
        link.sendLatest("heartbeat", Json.write(Map.of("type", "heartbeat", "timeMs", System.currentTimeMillis())));
    }

    @Override
    public void heartbeat(ClusterWorkerHeartbeat heartbeat) {
        link.sendLatest("stats", Json.write(StatsMessage.of(heartbeat, start::componentOf, exact)));
    }

    @Override
    public void error(String componentId, ErrorInfo error) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("error", error.get_error());
        record.put("timeSecs", error.get_error_time_secs());
        record.put("host", error.is_set_host() ? error.get_host() : start.hostname());
        record.put("port", error.is_set_port() ? error.get_port() : start.slotPort());
        link.sendControl(Json.write(Map.of("type", "error", "componentId", componentId, "record", record)));
    }

    /** A received tuple that cannot be read, under the limits that Storm has for a component's own errors. */
    @Override
    public void tupleFault(int task, Throwable fault) {
        String component = start.componentOf(task);
        if (component == null || !throttle.allows(component)) {
            return;
        }
        StringWriter text = new StringWriter();
        fault.printStackTrace(new PrintWriter(text));
        error(component, new ErrorInfo(text.toString(), Time.currentTimeSecs()));
    }
}
