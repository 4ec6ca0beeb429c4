package egret.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** The spouts and bolts under measurement: as little work of their own as the case allows. */
final class Parts {
    private Parts() {
    }

    abstract static class MeteredSpout extends BaseRichSpout {
        private final boolean isAcked;
        private transient SpoutOutputCollector collector;

        MeteredSpout(boolean isAcked) {
            this.isAcked = isAcked;
        }

        abstract Object next();

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            Meter.start(conf);
        }

        @Override
        public void nextTuple() {
            if (isAcked) {
                collector.emit(new Values(next()), System.nanoTime());
            } else {
                collector.emit(new Values(next()));
            }
            Meter.EMITTED.increment();
        }

        @Override
        public void ack(Object sentNanos) {
            if (isAcked) {
                Meter.acked((Long) sentNanos);
            }
        }

        @Override
        public void fail(Object id) {
            Meter.FAILED.increment();
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("value"));
        }
    }

    static final class Sentences extends MeteredSpout {
        private static final String[] SENTENCES = {
            "the heron stands in the shallow water",
            "a stream manager carries every tuple to its task",
            "what was acknowledged is never lost again",
            "one bolt counts the words that another bolt has split",
            "the river is wide and the far bank is green",
            "many small batches make a steady flow of work",
        };

        Sentences(boolean isAcked) {
            super(isAcked);
        }

        @Override
        Object next() {
            return SENTENCES[ThreadLocalRandom.current().nextInt(SENTENCES.length)];
        }
    }

    static final class Constant extends MeteredSpout {
        Constant(boolean isAcked) {
            super(isAcked);
        }

        @Override
        Object next() {
            return "constant";
        }
    }

    /** As fast as it may, and not counted: what it feeds is the slow branch. */
    static final class Flood extends BaseRichSpout {
        private final boolean isAcked;
        private transient SpoutOutputCollector collector;
        private long emitted;

        Flood(boolean isAcked) {
            this.isAcked = isAcked;
        }

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
        }

        @Override
        public void nextTuple() {
            emitted++;
            if (isAcked) {
                collector.emit(new Values("flood"), emitted);
            } else {
                collector.emit(new Values("flood"));
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("value"));
        }
    }

    /** Offers 20 tuples a millisecond at most: what an undisturbed branch of a topology carries with ease. */
    static final class Paced extends MeteredSpout {
        private int left;

        Paced(boolean isAcked) {
            super(isAcked);
        }

        @Override
        public void nextTuple() {
            if (left == 0) {
                LockSupport.parkNanos(1_000_000);
                left = 20;
            }
            left--;
            super.nextTuple();
        }

        @Override
        Object next() {
            return "constant";
        }
    }

    abstract static class MeteredBolt extends BaseRichBolt {
        transient OutputCollector collector;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            Meter.start(conf);
        }
    }

    static final class Split extends MeteredBolt {
        @Override
        public void execute(Tuple tuple) {
            for (String word : tuple.getString(0).split(" ")) {
                collector.emit(tuple, new Values(word));
            }
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word"));
        }
    }

    static final class PythonSplit extends ShellBolt implements IRichBolt {
        PythonSplit() {
            super("python3", "bench_split.py");
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

    static final class Count extends MeteredBolt {
        private final Map<String, Integer> counts = new HashMap<>();

        @Override
        public void execute(Tuple tuple) {
            String word = tuple.getString(0);
            collector.emit(tuple, new Values(word, counts.merge(word, 1, Integer::sum)));
            collector.ack(tuple);
            Meter.sunk();
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word", "count"));
        }
    }

    static final class Drop extends MeteredBolt {
        @Override
        public void execute(Tuple tuple) {
            collector.ack(tuple);
            Meter.sunk();
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Takes a millisecond for a tuple and is not counted: the branch that others must not wait for. */
    static final class Slow extends MeteredBolt {
        @Override
        public void execute(Tuple tuple) {
            LockSupport.parkNanos(1_000_000);
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }
}
