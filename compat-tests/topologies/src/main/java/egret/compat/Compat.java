package egret.compat;

import java.util.HashMap;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseWindowedBolt;
import org.apache.storm.tuple.Fields;

/**
 * Compat CASE NAME [key=value ...]: submits one case with StormSubmitter, as any user's main does. A key with
 * a dot in it goes into the topology's configuration. `compat.out` is where its parts record what they saw,
 * `compat.text` what the spout reads.
 */
public final class Compat {
    private final Map<String, String> options = new HashMap<>();
    private final Map<String, Object> conf = new HashMap<>();
    private final TopologyBuilder builder = new TopologyBuilder();
    /**
     * Components that become Thrift shell components after the build, as clients without Java submit them.
     */
    private final Map<String, String[]> shell = new HashMap<>();

    private Compat() {
    }

    public static void main(String[] args) throws Exception {
        Compat compat = new Compat();
        for (int i = 2; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            String key = args[i].substring(0, equals);
            String value = args[i].substring(equals + 1);
            if (key.indexOf('.') < 0) {
                compat.options.put(key, value);
            } else {
                Object parsed = JSONValue.parse(value);
                compat.conf.put(key, parsed == null ? value : parsed);
            }
        }
        compat.build(args[0]);
        StormSubmitter.submitTopology(args[1], compat.conf, compat.topology());
    }

    private int number(String key, int otherwise) {
        return Integer.parseInt(options.getOrDefault(key, String.valueOf(otherwise)));
    }

    private void build(String name) {
        boolean anchored = number("anchored", 1) == 1;
        conf.putIfAbsent(Config.TOPOLOGY_WORKERS, number("workers", 1));
        switch (name) {
            case "count" -> count(anchored);
            case "groupings" -> groupings(anchored);
            case "direct" -> {
                builder.setSpout("lines", new Lines(anchored), 1);
                builder.setBolt("director", new Cases.Director(), 1).shuffleGrouping("lines");
                builder.setBolt("sink", new Recorder(), 3).directGrouping("director");
            }
            case "values" -> {
                builder.setSpout("values", new Cases.ValuesSpout(options.getOrDefault("set", "plain")), 1);
                builder.setBolt("sink", new Recorder(), 2).allGrouping("values");
            }
            case "fail-once" -> {
                builder.setSpout("lines", new Lines(true), 1);
                builder.setBolt("fragile", new Cases.Fragile(options.getOrDefault("how", "fail")), number("par", 1))
                    .fieldsGrouping("lines", new Fields("number"));
                builder.setBolt("sink", new Recorder(), 1).shuffleGrouping("fragile");
            }
            case "tick" -> {
                builder.setSpout("lines", new Lines(anchored), 1);
                builder.setBolt("ticking", new Recorder(), 1).shuffleGrouping("lines")
                    .addConfiguration(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, 1);
            }
            case "throws" -> {
                builder.setSpout("lines", new Lines(anchored), 1);
                builder.setBolt("thrower", new Cases.Thrower(options.getOrDefault("where", "prepare")), 1).shuffleGrouping("lines");
            }
            case "context" -> {
                builder.setSpout("lines", new Lines(anchored), 2);
                builder.setBolt("context", new Cases.ContextBolt(), 2).setNumTasks(3)
                    .fieldsGrouping("lines", new Fields("number")).addConfiguration("compat.own", "of the component");
            }
            case "window" -> {
                builder.setSpout("lines", new Lines(true), 1);
                builder.setBolt("window", new Cases.WindowBolt().withTumblingWindow(BaseWindowedBolt.Count.of(10)), 1).shuffleGrouping("lines");
                builder.setBolt("sink", new Recorder(), 1).shuffleGrouping("window");
            }
            case "shell-told" -> {
                builder.setSpout("lines", new Lines(true), 1);
                builder.setBolt("teller", new Cases.ShellTeller(), 1).shuffleGrouping("lines");
                builder.setBolt("sink", new Recorder(), 3).shuffleGrouping("teller");
            }
            case "shell-values" -> {
                builder.setSpout("lines", new Lines(true), 1);
                builder.setBolt("emitter", new Cases.ShellEmitter(), 1).shuffleGrouping("lines");
                builder.setBolt("direct-sink", new Recorder(), 3).directGrouping("emitter", "direct");
                builder.setBolt("nested-sink", new Recorder(), 2).allGrouping("emitter", "nested");
            }
            case "branches" -> {
                builder.setSpout("flood", new Branches.Numbers(0), 1);
                builder.setBolt("slow", new Branches.Taking(number("micros", 1000), 0), 1).shuffleGrouping("flood");
                builder.setSpout("steady", new Branches.Numbers(number("rate", 500)), 1);
                builder.setBolt("fast", new Branches.Taking(0, 0), 1).shuffleGrouping("steady");
            }
            case "relay" -> {
                builder.setSpout("lines", new Lines(anchored), number("spouts", 1));
                builder.setBolt("relay", new Words.Relay(), number("par", 1)).shuffleGrouping("lines");
                builder.setBolt("sink", new Recorder(), number("sinks", 2)).fieldsGrouping("relay", new Fields("number"));
            }
            case "large" -> {
                builder.setSpout("large", new Large.Spout(number("count", 10), number("bytes", 5_000_000)), 1);
                builder.setBolt("java-digest", new Large.Digest(), 1).fieldsGrouping("large", new Fields("number"));
                builder.setBolt("python-digest", new Large.ShellDigest(), 1).shuffleGrouping("large");
                builder.setBolt("sink", new Recorder(), 1).shuffleGrouping("java-digest").shuffleGrouping("python-digest");
            }
            case "circle" -> {
                builder.setSpout("flood", new Branches.Numbers(0), 1);
                int hops = number("hops", 6);
                builder.setBolt("here", new Branches.Taking(0, hops), 1).shuffleGrouping("flood").shuffleGrouping("there");
                builder.setBolt("there", new Branches.Taking(0, hops), 1).shuffleGrouping("here");
            }
            case "bad" -> bad(options.get("fault"));
            default -> throw new IllegalArgumentException("no case " + name);
        }
    }

    private void count(boolean anchored) {
        int par = number("par", 1);
        builder.setSpout("lines", new Lines(anchored), number("spouts", 1));
        switch (options.getOrDefault("split", "java")) {
            case "java" -> builder.setBolt("split", new Words.Split(), par).shuffleGrouping("lines");
            case "python" -> builder.setBolt("split", new Words.ShellSplit("python3", "split_python.py"), par).shuffleGrouping("lines");
            case "node" -> builder.setBolt("split", new Words.ShellSplit("node", "split_node.js"), par).shuffleGrouping("lines");
            case "deaf" -> builder.setBolt("split", new Words.ShellSplit("python3", "deaf.py"), par).shuffleGrouping("lines");
            case "thrift-python" -> {
                builder.setBolt("split", new Words.Split(), par).shuffleGrouping("lines");
                shell.put("split", new String[] {"python3", "split_python.py"});
            }
            case "thrift-node" -> {
                builder.setBolt("split", new Words.Split(), par).shuffleGrouping("lines");
                shell.put("split", new String[] {"node", "split_node.js"});
            }
            default -> {
                String script = options.get("split");
                if (!script.startsWith("/")) {
                    throw new IllegalArgumentException("split=" + script);
                }
                builder.setBolt("split", new Words.ShellSplit("python3", script), par).shuffleGrouping("lines");
            }
        }
        builder.setBolt("count", new Words.Count(), par).fieldsGrouping("split", new Fields("word"));
        builder.setBolt("sink", new Recorder(), 1).globalGrouping("count");
    }

    private void groupings(boolean anchored) {
        builder.setSpout("lines", new Lines(anchored), 1);
        int par = number("par", 3);
        builder.setBolt("fields", new Recorder(), par).fieldsGrouping("lines", new Fields("line"));
        builder.setBolt("fields-number", new Recorder(), par).fieldsGrouping("lines", new Fields("number"));
        builder.setBolt("fields-both", new Recorder(), par).fieldsGrouping("lines", new Fields("line", "number"));
        builder.setBolt("all", new Recorder(), par).allGrouping("lines");
        builder.setBolt("global", new Recorder(), par).globalGrouping("lines");
        builder.setBolt("none", new Recorder(), par).noneGrouping("lines");
        builder.setBolt("shuffle", new Recorder(), par).shuffleGrouping("lines");
        builder.setBolt("local", new Recorder(), par).localOrShuffleGrouping("lines");
        builder.setBolt("partial", new Recorder(), par).partialKeyGrouping("lines", new Fields("line"));
        builder.setBolt("custom", new Recorder(), par).customGrouping("lines", new Cases.LastTaskGrouping());
    }

    /** Builds a topology that passes the client-side checks but that Nimbus must refuse. */
    private void bad(String fault) {
        builder.setSpout("lines", new Lines(true), 1);
        switch (fault) {
            case "unknown-component" -> builder.setBolt("sink", new Recorder(), 1).shuffleGrouping("nobody");
            case "unknown-stream" -> builder.setBolt("sink", new Recorder(), 1).shuffleGrouping("lines", "no-such-stream");
            case "unknown-field" -> builder.setBolt("sink", new Recorder(), 1).fieldsGrouping("lines", new Fields("no-such-field"));
            case "system-id" -> builder.setBolt("__sink", new Recorder(), 1).shuffleGrouping("lines");
            default -> throw new IllegalArgumentException("fault=" + fault);
        }
    }

    private StormTopology topology() {
        StormTopology topology = builder.createTopology();
        shell.forEach((id, command) -> topology.get_bolts().get(id)
            .set_bolt_object(ComponentObject.shell(new ShellComponent(command[0], command[1]))));
        for (String part : options.getOrDefault("shell", "").split(",")) {
            if (!part.isEmpty()) {
                String[] fields = part.split(":", 3);
                topology.get_bolts().get(fields[0]).set_bolt_object(ComponentObject.shell(new ShellComponent(fields[1], fields[2])));
            }
        }
        return topology;
    }
}
