package egret.compat;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.grouping.CustomStreamGrouping;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.task.WorkerTopologyContext;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.topology.base.BaseWindowedBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;
import org.apache.storm.windowing.TupleWindow;

/** Parts that only one case uses. */
final class Cases {
    private Cases() {
    }

    /** Sends line n straight to the sink task number n mod count. */
    public static final class Director extends BaseRichBolt {
        private transient OutputCollector collector;
        private transient List<Integer> targets;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            targets = context.getComponentTasks("sink");
        }

        @Override
        public void execute(Tuple tuple) {
            int number = tuple.getInteger(1);
            collector.emitDirect(targets.get(number % targets.size()), tuple, new Values(number));
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(true, new Fields("number"));
        }
    }

    /** Every tuple to the highest task: a grouping that only the user's class knows. */
    public static final class LastTaskGrouping implements CustomStreamGrouping {
        private List<Integer> targets;

        @Override
        public void prepare(WorkerTopologyContext context, GlobalStreamId stream, List<Integer> targets) {
            this.targets = targets;
        }

        @Override
        public List<Integer> chooseTasks(int taskId, List<Object> values) {
            return List.of(targets.get(targets.size() - 1));
        }
    }

    /** A Python bolt that emits straight to tasks, and nested values. */
    public static final class ShellEmitter extends ShellBolt implements IRichBolt {
        ShellEmitter() {
            super("python3", "shell_values.py");
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declareStream("direct", true, new Fields("number"));
            declarer.declareStream("nested", new Fields("value"));
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }

    /** A Python bolt that reports the task ids it received for each of its emits. */
    public static final class ShellTeller extends ShellBolt implements IRichBolt {
        ShellTeller() {
            super("python3", "shell_told.py");
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("number", "told"));
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }

    enum Colour { RED, GREEN }

    /** A user's own class, serialisable and registered nowhere. */
    public static final class Point implements Serializable {
        private final int x;
        private final int y;

        Point(int x, int y) {
            this.x = x;
            this.y = y;
        }

        @Override
        public String toString() {
            return "Point(" + x + "," + y + ")";
        }
    }

    /**
     * Emits one tuple for each value of a set: `plain` holds what Storm passes between workers by default,
     * `exotic` what Kryo refuses there.
     */
    public static final class ValuesSpout extends BaseRichSpout {
        private final String set;
        private transient SpoutOutputCollector collector;
        private transient List<Object> due;
        private transient Record record;

        ValuesSpout(String set) {
            this.set = set;
        }

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            record = Record.open(conf, context);
            due = new ArrayList<>(set.equals("plain") ? plain() : exotic());
        }

        private static List<Object> plain() {
            Map<String, Object> map = new HashMap<>();
            map.put("list", new ArrayList<>(List.of(1, "two", 3.0)));
            return Arrays.asList(null, true, false, (byte) -3, (short) 300, 7, -1, Integer.MIN_VALUE, -1L, Long.MAX_VALUE, 1.5f, -0.0, 1.0,
                Double.NaN, 'c', "", "hello", "gr\u00fc\u00df dich \ud83d\ude00", "x".repeat(70_000), new byte[] {1, -2, 3}, new ArrayList<>(List.of("a", 1)), map,
                new HashSet<>(Set.of("only")), new BigInteger("123456789012345678901234567890"));
        }

        private static List<Object> exotic() {
            Map<String, Object> linked = new LinkedHashMap<>();
            linked.put("b", 1);
            linked.put("a", 2);
            return Arrays.asList(new BigDecimal("12.340"), new Date(1_000_000L), new UUID(1, 2), new int[] {1, 2}, new String[] {"x", "y"},
                new Object[] {"x", 1}, linked, new TreeMap<>(Map.of("z", 1, "a", 2)), List.of("p", "q"), Arrays.asList("r", 1), Set.of("s"),
                Colour.GREEN, TimeUnit.DAYS, new Point(3, 4));
        }

        @Override
        public void nextTuple() {
            if (!due.isEmpty()) {
                Object value = due.remove(0);
                collector.emit(new Values(due.size(), value), due.size());
            }
        }

        @Override
        public void ack(Object id) {
            record.write("ack", id);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("left", "value"));
        }
    }

    /**
     * Fails each line the first time (`fail`) or drops it (`drop`: neither ack nor fail, so that it times
     * out).
     */
    public static final class Fragile extends BaseRichBolt {
        private final String how;
        private transient OutputCollector collector;
        private transient Set<Integer> seen;

        Fragile(String how) {
            this.how = how;
        }

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            seen = new HashSet<>();
        }

        @Override
        public void execute(Tuple tuple) {
            if (seen.add(tuple.getInteger(1))) {
                if (how.equals("fail")) {
                    collector.fail(tuple);
                }
                return;
            }
            collector.emit(tuple, new Values(tuple.getInteger(1)));
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("number"));
        }
    }

    /** Throws in prepare, or in execute. */
    public static final class Thrower extends BaseRichBolt {
        private final String where;

        Thrower(String where) {
            this.where = where;
        }

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            if (where.equals("prepare")) {
                throw new IllegalStateException("the thrower throws in prepare");
            }
        }

        @Override
        public void execute(Tuple tuple) {
            throw new IllegalStateException("the thrower throws in execute");
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Records what its TopologyContext says. */
    public static final class ContextBolt extends BaseRichBolt {
        private transient OutputCollector collector;
        private transient Record record;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            record = Record.open(conf, context);
            record.write("context", context.getThisComponentId(), context.getThisTaskId(), context.getThisTaskIndex(),
                new TreeMap<>(context.getTaskToComponent()).toString(), context.getThisSources().keySet().toString(),
                context.getComponentOutputFields("lines", "default").toList(), String.valueOf(conf.get("compat.own")),
                String.valueOf(conf.get("topology.name")), context.getStormId());
        }

        @Override
        public void execute(Tuple tuple) {
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }

    /** Emits how many tuples each window held. */
    public static final class WindowBolt extends BaseWindowedBolt {
        private transient OutputCollector collector;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
        }

        @Override
        public void execute(TupleWindow window) {
            collector.emit(window.get(), new Values(window.get().size()));
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("size"));
        }
    }
}
