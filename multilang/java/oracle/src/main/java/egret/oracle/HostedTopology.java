package egret.oracle;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.generated.InvalidTopologyException;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.tuple.Fields;
import org.apache.storm.utils.Utils;

/**
 * Topologies for tests of the JVM host: writes the files of a code directory as Nimbus would, and answers
 * which tasks Storm makes of them. Question: `{"kind", "dir": code directory, "conf": topology conf}`. The
 * components are in {@link HostedComponents}; they write what they saw into the directory `test.results` of
 * the conf.
 */
public final class HostedTopology {
    private static final String ID = "hosted-1-1700000000";

    private HostedTopology() {
    }

    public static void main(String[] args) throws Exception {
        Map<?, ?> question = (Map<?, ?>) JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        @SuppressWarnings("unchecked")
        Map<String, Object> conf = new HashMap<>((Map<String, Object>) question.get("conf"));
        conf.put("storm.id", ID);
        conf.put("topology.name", "hosted");
        conf.put("topology.kryo.register", new HashMap<>());
        Map<String, Object> merged = new HashMap<>(Utils.readDefaultConfig());
        merged.putAll(conf);
        StormTopology topology = topology((String) question.get("kind"));
        setTaskCounts(topology);
        write(Path.of((String) question.get("dir")), topology, conf, merged);
        System.out.println(JSONValue.toJSONString(Map.of("topologyId", ID, "tasks", tasks(topology, merged))));
    }

    private static StormTopology topology(String kind) {
        TopologyBuilder builder = new TopologyBuilder();
        switch (kind) {
            case "acked" -> {
                builder.setSpout("words", new HostedComponents.Words(), 2);
                builder.setBolt("count", new HostedComponents.Count(), 3).fieldsGrouping("words", new Fields("word"));
                builder.setBolt("late", new HostedComponents.Wrap(), 1).shuffleGrouping("words");
                builder.setBolt("unwrap", new HostedComponents.Unwrap(), 1).globalGrouping("late");
            }
            case "fast" -> {
                builder.setSpout("constant", new HostedComponents.Constant(), 1);
                builder.setBolt("null", new HostedComponents.Null(), 1).shuffleGrouping("constant");
            }
            case "slowToLoad" -> {
                builder.setSpout("opened", new SlowLoading.Opened(), 1);
                builder.setBolt("before", new SlowLoading.Slow(), 1).shuffleGrouping("opened");
                builder.setBolt("slow", new SlowLoading.Slow(), 1).shuffleGrouping("opened");
            }
            case "twoStreams" -> {
                builder.setSpout("forked", new HostedComponents.Forked(), 1);
                builder.setBolt("ends", new HostedComponents.Ends(), 1)
                        .shuffleGrouping("forked", "good").shuffleGrouping("forked", "bad");
            }
            case "prepareThrows" -> {
                builder.setSpout("words", new HostedComponents.Words(), 1);
                builder.setBolt("broken", new HostedComponents.Broken(), 1).shuffleGrouping("words");
            }
            case "threadThrows" -> {
                builder.setSpout("idle", new HostedComponents.Idle(), 1);
                builder.setBolt("thread", new HostedComponents.WithThread(), 1).shuffleGrouping("idle");
            }
            case "unsendable" -> {
                builder.setSpout("sender", new HostedComponents.Unsendable(), 1);
                builder.setBolt("count", new HostedComponents.Count(), 1).shuffleGrouping("sender");
            }
            case "sleeper" -> {
                builder.setSpout("idle", new HostedComponents.Idle(), 1);
                builder.setBolt("shell", new HostedComponents.Sleeper(), 1).shuffleGrouping("idle");
            }
            default -> throw new IllegalArgumentException("unknown kind " + kind);
        }
        return builder.createTopology();
    }

    /** What Nimbus.normalizeTopology puts into each component's configuration. */
    private static void setTaskCounts(StormTopology topology) throws InvalidTopologyException {
        for (Object component : StormCommon.allComponents(topology).values()) {
            Map<String, Object> conf = StormCommon.componentConf(component);
            conf.put("topology.tasks", StormCommon.numStartExecutors(component));
            StormCommon.getComponentCommon(component).set_json_conf(JSONValue.toJSONString(conf));
        }
    }

    private static void write(Path dir, StormTopology topology, Map<String, Object> conf, Map<String, Object> merged)
            throws Exception {
        Files.createDirectories(dir.resolve("resources"));
        Files.write(dir.resolve("stormcode.ser"), Utils.serialize(topology));
        Files.write(dir.resolve("stormconf.ser"), Utils.toCompressedJsonConf(conf));
        Files.writeString(dir.resolve("conf.json"), JSONValue.toJSONString(merged));
        Path own = Path.of(HostedTopology.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Files.copy(own, dir.resolve("stormjar.jar"));
    }

    /** One executor for each task, as parallelism hints without `topology.tasks` make it. */
    private static List<Map<String, Object>> tasks(StormTopology topology, Map<String, Object> merged) throws Exception {
        List<Map<String, Object>> tasks = new ArrayList<>();
        new TreeMap<>(StormCommon.stormTaskInfo(topology, merged)).forEach((task, component) ->
                tasks.add(Map.of("taskId", task, "componentId", component, "executor", List.of(task, task))));
        return tasks;
    }
}
