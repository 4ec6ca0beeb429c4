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
import org.apache.storm.tuple.Fields;

/**
 * Chaos SHAPE NAME key=value ...: submits the topology of known ids, with what follows as its configuration.
 *
 * ids [line, key] -> fan [word] -> work [key, word] -> join [key] -> pair [keys] -> joined
 *  +-> straight (key)                +-> parts (word)
 *
 * A key is ID#ATTEMPT, a word KEY/PART, a line the words of an id between blanks: a tree branches once for
 * each part, meets again in join, and shares a tuple with the trees of other ids from pair on. Shape `java`:
 * all Java. Shape `mixed`: a Python spout beside the Java one, fan is the program `chaos.fan.program` (C++),
 * work a Python ShellBolt inside the JVM, join is JavaScript, straight Python.
 */
public final class Chaos {
    private final Map<String, Object> conf = new HashMap<>();
    private final TopologyBuilder builder = new TopologyBuilder();

    private Chaos() {
    }

    public static void main(String[] args) throws Exception {
        Chaos chaos = new Chaos();
        for (int i = 2; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            String value = args[i].substring(equals + 1);
            Object parsed = JSONValue.parse(value);
            chaos.conf.put(args[i].substring(0, equals), parsed == null ? value : parsed);
        }
        chaos.conf.putIfAbsent(Config.TOPOLOGY_WORKERS, 1);
        StormSubmitter.submitTopology(args[1], chaos.conf, chaos.topology(args[0].equals("mixed")));
    }

    private StormTopology topology(boolean isMixed) {
        builder.setSpout("ids", new ChaosParts.Ids(), isMixed ? 1 : 2);
        var fan = builder.setBolt("fan", new ChaosParts.Fan(), 2).shuffleGrouping("ids");
        var straight = builder.setBolt("straight", new ChaosParts.Sink(), 1).shuffleGrouping("ids");
        if (isMixed) {
            builder.setSpout("script-ids", new ChaosParts.Ids(), 1);
            fan.shuffleGrouping("script-ids");
            straight.shuffleGrouping("script-ids");
            builder.setBolt("work", new ChaosParts.ShellWork("python3", "chaos_work.py"), 3).shuffleGrouping("fan");
        } else {
            builder.setBolt("work", new ChaosParts.Work(), 3).shuffleGrouping("fan");
        }
        builder.setBolt("parts", new ChaosParts.Sink(), 2).shuffleGrouping("work");
        builder.setBolt("join", new ChaosParts.Join(), 2).fieldsGrouping("work", new Fields("key"));
        builder.setBolt("pair", new ChaosParts.Pair(), 2).shuffleGrouping("join")
            .addConfiguration(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, 1);
        builder.setBolt("joined", new ChaosParts.Sink(), 2).shuffleGrouping("pair");
        StormTopology topology = builder.createTopology();
        if (isMixed) {
            topology.get_spouts().get("script-ids").set_spout_object(shell("python3", "chaos_ids.py"));
            topology.get_bolts().get("fan").set_bolt_object(shell((String) conf.get("chaos.fan.program"), ""));
            topology.get_bolts().get("join").set_bolt_object(shell("node", "chaos_join.js"));
            topology.get_bolts().get("straight").set_bolt_object(shell("python3", "chaos_sink.py"));
        }
        return topology;
    }

    private static ComponentObject shell(String command, String script) {
        return ComponentObject.shell(new ShellComponent(command, script));
    }
}
