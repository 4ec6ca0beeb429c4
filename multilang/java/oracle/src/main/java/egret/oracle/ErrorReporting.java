package egret.oracle;

import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.storm.cluster.IStormClusterState;
import org.apache.storm.executor.error.ReportError;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.task.WorkerTopologyContext;
import org.apache.storm.utils.Time;

/**
 * Returns which of the reports after the pauses Storm makes. Question: {@code [{"perIntervalMax",
 * "intervalSecs", "pauses": [seconds, ...]}, ...]}.
 */
public final class ErrorReporting {
    private ErrorReporting() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answer = System.out;
        System.setOut(System.err); // ReportError logs each
        String question = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        List<Object> answers = new ArrayList<>();
        for (Object script : (List<?>) JSONValue.parse(question)) {
            try (Time.SimulatedTime simulated = new Time.SimulatedTime()) {
                answers.add(run((Map<?, ?>) script));
            }
        }
        answer.println(JSONValue.toJSONString(answers));
    }

    private static List<Boolean> run(Map<?, ?> script) {
        List<Object> made = new ArrayList<>();
        IStormClusterState state = (IStormClusterState) Proxy.newProxyInstance(ErrorReporting.class.getClassLoader(),
                new Class<?>[] {IStormClusterState.class}, (proxy, method, arguments) -> {
                    made.add(method.getName());
                    return null;
                });
        Map<String, Object> conf = Map.of(
                "topology.max.error.report.per.interval", script.get("perIntervalMax"),
                "topology.error.throttle.interval.secs", script.get("intervalSecs"));
        ReportError reports = new ReportError(conf, state, "t", "c", context());
        List<Boolean> admitted = new ArrayList<>();
        for (Object pause : (List<?>) script.get("pauses")) {
            Time.advanceTimeSecs(((Number) pause).intValue());
            int before = made.size();
            reports.report(new RuntimeException("x"));
            admitted.add(made.size() > before);
        }
        return admitted;
    }

    private static WorkerTopologyContext context() {
        return new WorkerTopologyContext(new StormTopology(), new HashMap<>(), new HashMap<>(), new HashMap<>(),
                new HashMap<>(), "t", "", "", 1, List.of(), new HashMap<>(), new HashMap<>(),
                new AtomicReference<>(), "here", new AtomicReference<>());
    }
}
