package egret.examples;

import java.util.Map;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.tuple.Fields;

/**
 * Word count in four languages' hands: a Java spout reads lines, Python splits them, C++ counts the words,
 * Java keeps the most frequent. An ordinary Storm topology: it knows nothing of Egret.
 *
 * <pre>WordCount NAME TEXT OUTPUT CPP_BOLT [LINES_PER_SECOND] [WORKERS]</pre> TEXT is read once, line by
 * line; with LINES_PER_SECOND it is read again and again at that pace. CPP_BOLT is the built counting bolt
 * (build/cpp/examples/word_count). OUTPUT gets the counts.
 */
public final class WordCount {
    private WordCount() {
    }

    /** Split in a Python child of the worker, as Storm's users have always written it. */
    public static final class PythonSplit extends ShellBolt implements IRichBolt {
        public PythonSplit() {
            super("python3", "split_sentence.py");
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word"));
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }

    /** Only names the fields: the C++ process takes its place below. */
    public static final class CppCount extends PlaceHolder {
        public CppCount() {
            super("word", "count");
        }
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 4) {
            System.err.println("usage: WordCount NAME TEXT OUTPUT CPP_BOLT [LINES_PER_SECOND] [WORKERS]");
            System.exit(2);
        }
        int pace = args.length > 4 ? Integer.parseInt(args[4]) : 0;
        int workers = args.length > 5 ? Integer.parseInt(args[5]) : 1;

        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("lines", new LineSpout(args[1], pace), 1);
        builder.setBolt("split", new PythonSplit(), 2).shuffleGrouping("lines");
        builder.setBolt("count", new CppCount(), 2).fieldsGrouping("split", new Fields("word"));
        builder.setBolt("top", new TopWords(args[2], 20), 1).globalGrouping("count");

        Config conf = new Config();
        conf.setNumWorkers(workers);
        conf.setMaxSpoutPending(200);

        StormTopology topology = builder.createTopology();
        topology.get_bolts().get("count").set_bolt_object(ComponentObject.shell(new ShellComponent(args[3], "word_count")));
        StormSubmitter.submitTopology(args[0], conf, topology);
    }
}
