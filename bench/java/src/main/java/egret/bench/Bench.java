package egret.bench;

import java.util.HashMap;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.tuple.Fields;

/**
 * Bench KIND NAME [key=value ...]: submits one topology and prints when Nimbus accepted it. KIND: `words`
 * (sentences, split, count), `words-shellbolt` and `words-shell` (the split in Python, as a ShellBolt and as
 * a Thrift shell component), `null` (constant spout, bolt that drops), `branch` (the same at 20 tuples a
 * millisecond) and `branch-slow` (beside it an unlimited spout whose bolt takes a millisecond for a tuple). A
 * key with a dot in it goes into the topology's configuration.
 */
public final class Bench {
    private Bench() {
    }

    public static void main(String[] args) throws Exception {
        Map<String, Object> conf = new HashMap<>();
        for (int i = 2; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            String value = args[i].substring(equals + 1);
            Object parsed = JSONValue.parse(value);
            conf.put(args[i].substring(0, equals), parsed == null ? value : parsed);
        }
        boolean isAcked = ((Number) conf.getOrDefault(Config.TOPOLOGY_ACKER_EXECUTORS, 0)).intValue() > 0;

        TopologyBuilder builder = new TopologyBuilder();
        if (args[0].equals("null")) {
            builder.setSpout("spout", new Parts.Constant(isAcked), 1);
            builder.setBolt("sink", new Parts.Drop(), 1).shuffleGrouping("spout");
        } else if (args[0].startsWith("branch")) {
            builder.setSpout("spout", new Parts.Paced(isAcked), 1);
            builder.setBolt("sink", new Parts.Drop(), 1).shuffleGrouping("spout");
            if (args[0].equals("branch-slow")) {
                builder.setSpout("flood", new Parts.Flood(isAcked), 1);
                builder.setBolt("crawl", new Parts.Slow(), 1).shuffleGrouping("flood");
            }
        } else {
            builder.setSpout("spout", new Parts.Sentences(isAcked), 1);
            switch (args[0]) {
                case "words", "words-shell" -> builder.setBolt("split", new Parts.Split(), 1).shuffleGrouping("spout");
                case "words-shellbolt" -> builder.setBolt("split", new Parts.PythonSplit(), 1).shuffleGrouping("spout");
                default -> throw new IllegalArgumentException("no kind " + args[0]);
            }
            builder.setBolt("sink", new Parts.Count(), 1).fieldsGrouping("split", new Fields("word"));
        }
        StormTopology topology = builder.createTopology();
        if (args[0].equals("words-shell")) {
            topology.get_bolts().get("split").set_bolt_object(ComponentObject.shell(new ShellComponent("python3", "bench_split.py")));
        }
        StormSubmitter.submitTopology(args[1], conf, topology);
        System.out.println("accepted " + System.currentTimeMillis());
    }
}
