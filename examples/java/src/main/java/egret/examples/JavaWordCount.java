package egret.examples;

import java.util.HashMap;
import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/**
 * A word count written entirely in Java. Usage: <pre>JavaWordCount NAME TEXT OUTPUT [LINES_PER_SECOND]
 * [WORKERS]</pre>
 */
public final class JavaWordCount {
    private JavaWordCount() {
    }

    public static final class Split extends BaseBasicBolt {
        @Override
        public void execute(Tuple tuple, BasicOutputCollector collector) {
            for (String word : tuple.getString(0).split("\\s+")) {
                if (!word.isEmpty()) {
                    collector.emit(new Values(word));
                }
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word"));
        }
    }

    public static final class Count extends BaseBasicBolt {
        private final Map<String, Long> counts = new HashMap<>();

        @Override
        public void execute(Tuple tuple, BasicOutputCollector collector) {
            collector.emit(new Values(tuple.getString(0), counts.merge(tuple.getString(0), 1L, Long::sum)));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word", "count"));
        }
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 3) {
            System.err.println("usage: JavaWordCount NAME TEXT OUTPUT [LINES_PER_SECOND] [WORKERS]");
            System.exit(2);
        }
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("lines", new LineSpout(args[1], args.length > 3 ? Integer.parseInt(args[3]) : 0), 1);
        builder.setBolt("split", new Split(), 2).shuffleGrouping("lines");
        builder.setBolt("count", new Count(), 2).fieldsGrouping("split", new Fields("word"));
        builder.setBolt("top", new TopWords(args[2], 20), 1).globalGrouping("count");
        Config conf = new Config();
        conf.setNumWorkers(args.length > 4 ? Integer.parseInt(args[4]) : 1);
        StormSubmitter.submitTopology(args[0], conf, builder.createTopology());
    }
}
