package egret.oracle;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/** A worker that takes long to load: longer than Storm's own timer waits before it lets executors begin. */
final class SlowLoading {
    private static final long LOADING_SECS = 3;
    private static final CountDownLatch EMITTED = new CountDownLatch(1);

    private SlowLoading() {
    }

    /** Emits `test.tuples` tuples in its first turn. */
    static final class Opened extends BaseRichSpout {
        private transient SpoutOutputCollector collector;
        private int tuples;
        private int emitted;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            this.tuples = ((Number) conf.get("test.tuples")).intValue();
        }

        @Override
        public void nextTuple() {
            while (emitted < tuples) {
                collector.emit(new Values(emitted), emitted);
                emitted++;
            }
            EMITTED.countDown();
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("n"));
        }
    }

    /** Is read until the spout has emitted, or as long as a worker may take. */
    static final class Slow extends BaseRichBolt {
        private transient OutputCollector collector;

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            try {
                EMITTED.await(LOADING_SECS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }
}
