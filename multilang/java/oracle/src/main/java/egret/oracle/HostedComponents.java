package egret.oracle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DayOfWeek;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.storm.shade.net.minidev.json.JSONObject;
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

/** What the topologies of {@link HostedTopology} are made of. */
final class HostedComponents {
    private HostedComponents() {
    }

    /** Writes `NAME-TASK.json` into the results directory, whole or not at all. */
    private static void writeResult(Map<String, Object> conf, TopologyContext context, Map<String, Object> result) {
        Path dir = Path.of((String) conf.get("test.results"));
        String name = context.getThisComponentId() + "-" + context.getThisTaskId() + ".json";
        try {
            Files.writeString(dir.resolve(name + ".part"), JSONObject.toJSONString(result));
            Files.move(dir.resolve(name + ".part"), dir.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int number(Map<String, Object> conf, String key) {
        return ((Number) conf.get(key)).intValue();
    }

    /**
     * Emits `test.tuples` words, each with a value that Kryo refuses by default, and counts acks and fails.
     */
    static final class Words extends BaseRichSpout {
        private static final List<Object> EXTRAS = Arrays.asList(
                new BigDecimal("1.50"), new Date(1_700_000_000_000L), new UUID(1, 2), new int[] {1, 2}, List.of("a", 1L),
                Arrays.asList(1, null), new LinkedHashMap<>(Map.of("k", 2.5)), DayOfWeek.FRIDAY, "\ud83e\udda9 heron", null);
        private transient Map<String, Object> conf;
        private transient TopologyContext context;
        private transient SpoutOutputCollector collector;
        private int emitted;
        private int acked;
        private int failed;
        private boolean isReported;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.conf = conf;
            this.context = context;
            this.collector = collector;
        }

        @Override
        public void nextTuple() {
            int tuples = number(conf, "test.tuples");
            if (emitted < tuples) {
                int n = emitted++;
                collector.emit(new Values("word" + n % 17, n, EXTRAS.get(n % EXTRAS.size())), n);
            } else if (acked + failed == tuples && !isReported) {
                isReported = true;
                writeResult(conf, context, Map.of("emitted", emitted, "acked", acked, "failed", failed));
            }
        }

        @Override
        public void ack(Object id) {
            acked++;
        }

        @Override
        public void fail(Object id) {
            failed++;
        }

        @Override
        public void close() {
            writeResult(conf, context, Map.of("emitted", emitted, "acked", acked, "failed", failed, "closed", true));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word", "n", "extra"));
        }
    }

    /**
     * Emits `test.tuples` tuples on a stream whose trees are acked, and half as many on a stream whose trees
     * fail.
     */
    static final class Forked extends BaseRichSpout {
        private transient SpoutOutputCollector collector;
        private int tuples;
        private int emitted;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            this.tuples = number(conf, "test.tuples");
        }

        @Override
        public void nextTuple() {
            if (emitted < tuples) {
                int n = emitted++;
                collector.emit("good", new Values(n), "good-" + n);
                if (n % 2 == 0) {
                    collector.emit("bad", new Values(n), "bad-" + n);
                }
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declareStream("good", new Fields("n"));
            declarer.declareStream("bad", new Fields("n"));
        }
    }

    /** Acks what is good and fails what is bad. */
    static final class Ends extends BaseRichBolt {
        private transient OutputCollector collector;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            if (tuple.getSourceStreamId().equals("good")) {
                collector.ack(tuple);
            } else {
                collector.fail(tuple);
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Counts words and the classes of their extras; tells at cleanup. */
    static final class Count extends BaseRichBolt {
        private final Map<String, Integer> words = new HashMap<>();
        private final Map<String, Integer> classes = new HashMap<>();
        private transient Map<String, Object> conf;
        private transient TopologyContext context;
        private transient OutputCollector collector;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.conf = conf;
            this.context = context;
            this.collector = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            words.merge(tuple.getString(0), 1, Integer::sum);
            Object extra = tuple.getValue(2);
            classes.merge(extra == null ? "null" : extra.getClass().getName(), 1, Integer::sum);
            collector.ack(tuple);
        }

        @Override
        public void cleanup() {
            writeResult(conf, context, Map.of("words", words, "classes", classes));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Puts the tuple itself into a tuple, as a window does with one that comes too late. */
    static final class Wrap extends BaseRichBolt {
        private transient OutputCollector collector;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            collector.emit(tuple, new Values(tuple));
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("late_tuple"));
        }
    }

    /** Counts the words of tuples inside tuples. */
    static final class Unwrap extends BaseRichBolt {
        private transient Map<String, Object> conf;
        private transient TopologyContext context;
        private transient OutputCollector collector;
        private int tuples;
        private int words;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.conf = conf;
            this.context = context;
            this.collector = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            Tuple inner = (Tuple) tuple.getValueByField("late_tuple");
            tuples++;
            words += inner.getStringByField("word").startsWith("word") ? 1 : 0;
            collector.ack(tuple);
        }

        @Override
        public void cleanup() {
            writeResult(conf, context, Map.of("tuples", tuples, "words", words));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** The same tuple again and again. */
    static final class Constant extends BaseRichSpout {
        private transient SpoutOutputCollector collector;
        private boolean isAcked;
        private long n;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            this.isAcked = Boolean.TRUE.equals(conf.get("test.acked"));
        }

        @Override
        public void nextTuple() {
            if (isAcked) {
                collector.emit(new Values("constant", n), n++);
            } else {
                collector.emit(new Values("constant", n++));
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word", "n"));
        }
    }

    /** Counts, and tells every 2^16 tuples how many. */
    static final class Null extends BaseRichBolt {
        private transient Map<String, Object> conf;
        private transient TopologyContext context;
        private transient OutputCollector collector;
        private long received;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.conf = conf;
            this.context = context;
            this.collector = collector;
        }

        @Override
        public void execute(Tuple tuple) {
            collector.ack(tuple);
            if ((++received & 0xffff) == 0) {
                writeResult(conf, context, Map.of("received", received));
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Cannot be prepared. */
    static final class Broken extends BaseRichBolt {
        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            throw new IllegalStateException("no database here");
        }

        @Override
        public void execute(Tuple tuple) {
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Has a thread of its own, which ends with an exception. */
    static final class WithThread extends BaseRichBolt {
        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            new Thread(() -> {
                throw new IllegalStateException("lost the connection");
            }, "own-thread").start();
        }

        @Override
        public void execute(Tuple tuple) {
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Emits what cannot leave its JVM. */
    static final class Unsendable extends BaseRichSpout {
        private transient SpoutOutputCollector collector;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
        }

        @Override
        public void nextTuple() {
            collector.emit(new Values("word", 1, new Object()));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word", "n", "extra"));
        }
    }

    /** Emits nothing. */
    static final class Idle extends BaseRichSpout {
        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
        }

        @Override
        public void nextTuple() {
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word"));
        }
    }

    /** A Java bolt over a child that answers the handshake and then ignores the end of its input. */
    static final class Sleeper extends ShellBolt implements IRichBolt {
        Sleeper() {
            super("/bin/sh", "sleeper.sh");
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }
}
