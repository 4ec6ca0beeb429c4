package egret.compat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
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

/** Tuples of megabytes, and bolts in Java and Python that say what came of them. */
final class Large {
    private Large() {
    }

    static long crcOf(String text) {
        CRC32 crc = new CRC32();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    /**
     * Emits `count` distinct tuples of about `bytes` each. When it is opened again, it skips those that were
     * acked before.
     */
    public static final class Spout extends BaseRichSpout {
        private final int count;
        private final int bytes;
        private transient Deque<Integer> due;
        private transient SpoutOutputCollector collector;
        private transient Record record;

        Spout(int count, int bytes) {
            this.count = count;
            this.bytes = bytes;
        }

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            record = Record.open(conf, context);
            Set<Integer> acked = record.numbersOf("ack");
            due = new ArrayDeque<>();
            for (int number = 0; number < count; number++) {
                if (!acked.contains(number)) {
                    due.add(number);
                }
            }
        }

        @Override
        public void nextTuple() {
            Integer number = due.poll();
            if (number == null) {
                return;
            }
            String unit = "tuple " + number + " \u00fc\ud83d\ude00 ";
            String text = unit.repeat(bytes / unit.getBytes(StandardCharsets.UTF_8).length);
            record.write("emit", number, crcOf(text));
            collector.emit(new Values(number, text), number);
        }

        @Override
        public void ack(Object id) {
            record.write("ack", id);
        }

        @Override
        public void fail(Object id) {
            record.write("fail", id);
            due.add((Integer) id);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("number", "text"));
        }
    }

    /** Emits the number of each tuple and the CRC of its text. */
    public static final class Digest extends BaseRichBolt {
        private transient OutputCollector collector;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            collector.emit(tuple, new Values(tuple.getInteger(0), crcOf(tuple.getString(1))));
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("number", "crc"));
        }
    }

    /** The same in Python. */
    public static final class ShellDigest extends ShellBolt implements IRichBolt {
        ShellDigest() {
            super("python3", "large_digest.py");
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("number", "crc"));
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }
}
