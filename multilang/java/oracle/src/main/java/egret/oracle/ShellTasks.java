package egret.oracle;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.storm.shade.net.minidev.json.JSONValue;

/**
 * Runs a task of ShellBolt or ShellSpout for each of many cases, with real children, and returns what the
 * task sent to its collector. Question: {dir, cases: [{kind: "bolt" | "spout", command, resources: {file:
 * text}, conf, streams: {id: fields}, give: [tuple's values...], until: {what: count}, during: "close"?}]}.
 * The class path determines whose classes run.
 */
public final class ShellTasks {
    /** More would only wait for each other's children to start. */
    private static final int CASES_AT_ONCE = 8;

    private ShellTasks() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        Map<?, ?> question = (Map<?, ?>) JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        Path directory = Path.of((String) question.get("dir"));
        List<?> cases = (List<?>) question.get("cases");
        ExecutorService threads = Executors.newFixedThreadPool(CASES_AT_ONCE);
        List<Future<Object>> running = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            Map<?, ?> each = (Map<?, ?>) cases.get(i);
            Path own = directory.resolve("case-" + i);
            running.add(threads.submit(() -> run(each, own)));
        }
        List<Object> all = new ArrayList<>();
        for (Future<Object> each : running) {
            all.add(each.get());
        }
        answers.println(JSONValue.toJSONString(all));
        answers.flush();
        System.exit(0);
    }

    private static Object run(Map<?, ?> question, Path directory) throws Exception {
        Path resources = Files.createDirectories(directory.resolve("resources"));
        Path pids = Files.createDirectories(directory.resolve("pids"));
        for (Map.Entry<?, ?> file : ((Map<?, ?>) question.get("resources")).entrySet()) {
            Files.writeString(resources.resolve((String) file.getKey()), (String) file.getValue());
        }
        Map<String, Object> conf = new HashMap<>(Map.of("supervisor.worker.timeout.secs", 30, "topology.shellbolt.max.pending", 100));
        ((Map<?, ?>) question.get("conf")).forEach((key, value) -> conf.put((String) key, value));
        ShellTaskRecord record = new ShellTaskRecord((Map<?, ?>) question.get("until"));
        ShellTaskRig rig = new ShellTaskRig(question, conf, resources.toString(), pids.toString());
        try {
            rig.run(record);
        } finally {
            rig.close();
        }
        Map<String, Object> answer = record.answer();
        try (var left = Files.list(pids)) {
            answer.put("pidFiles", left.count());
        }
        return answer;
    }
}
