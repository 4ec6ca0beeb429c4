package egret.host;

import java.util.List;
import java.util.Map;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONObject;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** What {@link Rehearsal} runs: a spout and an acker, and a bolt both here and in another container. */
final class RehearsedTopology {
    static final int TASK_ELSEWHERE = 2;
    static final int TASK_HERE = 3;

    private RehearsedTopology() {
    }

    static StormTopology make() {
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("spout", new Spout(), 1);
        builder.setBolt("bolt", new Bolt(), 2).fieldsGrouping("spout", new Fields("n"));
        StormTopology topology = builder.createTopology();
        setTasks(topology, "spout", 1);
        setTasks(topology, "bolt", 2);
        return topology;
    }

    /** In Storm's numbering: components in the order of their names. */
    static List<Map<String, Object>> tasks() {
        return List.of(task(1, "__acker", 1), task(TASK_ELSEWHERE, "bolt", 2), task(TASK_HERE, "bolt", 1), task(4, "spout", 1));
    }

    private static Map<String, Object> task(int id, String component, int container) {
        return Map.of("taskId", id, "componentId", component, "executor", List.of(id, id), "containerId", container,
                "host", "jvm");
    }

    private static void setTasks(StormTopology topology, String component, int tasks) {
        Object spec = topology.get_spouts().containsKey(component)
                ? topology.get_spouts().get(component) : topology.get_bolts().get(component);
        try {
            StormCommon.getComponentCommon(spec).set_json_conf(JSONObject.toJSONString(Map.of("topology.tasks", tasks)));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class Spout extends BaseRichSpout {
        private transient SpoutOutputCollector collector;
        private long n;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector newCollector) {
            collector = newCollector;
        }

        @Override
        public void nextTuple() {
            if (n < 2000) {
                collector.emit(new Values(n, "word", 1, 2.0, true, List.of("a")), n++);
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("n", "word", "int", "double", "boolean", "list"));
        }
    }

    private static final class Bolt extends BaseRichBolt {
        private transient OutputCollector collector;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector newCollector) {
            collector = newCollector;
        }

        @Override
        public void execute(Tuple tuple) {
            collector.emit(tuple, new Values(tuple.getLong(0)));
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("n"));
        }
    }
}
