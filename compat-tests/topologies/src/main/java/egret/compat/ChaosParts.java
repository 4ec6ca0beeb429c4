package egret.compat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.IRichBolt;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;
import org.apache.storm.utils.TupleUtils;
import org.apache.storm.utils.Utils;

/**
 * The spout and the bolts of {@link Chaos}. The scripts chaos_*.py and chaos_*.js do the same in their
 * languages.
 */
final class ChaosParts {
    private ChaosParts() {
    }

    private static int number(Map<String, Object> conf, String key) {
        return ((Number) conf.get(key)).intValue();
    }

    /**
     * Ids COMPONENT-TASK:NUMBER. Each is in the journal before it is emitted and is emitted until it is
     * acked, by the next process too. No new ones once the file `stop` is there.
     */
    static final class Ids extends BaseRichSpout {
        private transient SpoutOutputCollector collector;
        private transient Journal journal;
        private transient Path stop;
        private transient String prefix;
        private transient int parts;
        private transient int pace;
        private transient int pendingMax;
        /** Attempts of each id that is not acked. */
        private transient Map<String, Integer> pending;
        private transient Deque<String> due;
        private transient long next;
        private transient long nextNanos;
        private transient long stopCheckNanos;
        private transient boolean isStopped;

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            journal = Journal.open(conf, context);
            stop = Path.of((String) conf.get("chaos.out"), "stop");
            prefix = context.getThisComponentId() + "-" + context.getThisTaskId() + ":";
            parts = number(conf, "chaos.parts");
            pace = number(conf, "chaos.pace");
            pendingMax = number(conf, "chaos.pending");
            pending = new TreeMap<>();
            next = 0;
            for (String line : journal.lines()) {
                String[] words = line.split(" ");
                if (words.length == 4 && words[0].equals("e")) {
                    pending.put(words[2], Integer.parseInt(words[3]));
                    next = Math.max(next, Long.parseLong(words[2].substring(prefix.length())) + 1);
                } else if (words.length == 3 && words[0].equals("a")) {
                    pending.remove(words[2]);
                }
            }
            due = new ArrayDeque<>(pending.keySet());
        }

        @Override
        public void nextTuple() {
            long now = System.nanoTime();
            if (now - stopCheckNanos > 100_000_000L) {
                stopCheckNanos = now;
                isStopped = Files.exists(stop);
            }
            String id = due.poll();
            if (id == null) {
                if (isStopped || pending.size() >= pendingMax || now < nextNanos) {
                    Utils.sleep(1);
                    return;
                }
                nextNanos = Math.max(nextNanos, now - 100_000_000L) + 1_000_000_000L / pace;
                id = prefix + next++;
            }
            int attempt = pending.merge(id, 1, Integer::sum);
            journal.event("e", id + " " + attempt);
            String key = id + "#" + attempt;
            StringBuilder line = new StringBuilder();
            for (int part = 0; part < parts; part++) {
                line.append(part == 0 ? "" : " ").append(key).append('/').append(part);
            }
            collector.emit(new Values(line.toString(), key), id);
        }

        @Override
        public void ack(Object id) {
            journal.event("a", (String) id);
            pending.remove(id);
            due.remove(id);
        }

        @Override
        public void fail(Object id) {
            journal.event("f", (String) id);
            if (pending.containsKey(id) && !due.contains(id)) {
                due.add((String) id);
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("line", "key"));
        }
    }

    static final class Fan extends BaseBasicBolt {
        @Override
        public void execute(Tuple tuple, BasicOutputCollector collector) {
            for (String word : tuple.getString(0).split(" ")) {
                collector.emit(new Values(word));
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word"));
        }
    }

    /**
     * Fails `chaos.fail` in ten thousand tuples and drops `chaos.forget` in ten thousand. With
     * `chaos.unanchored` it emits without anchors, which breaks at-least-once delivery.
     */
    static final class Work extends BaseRichBolt {
        private transient OutputCollector collector;
        private transient int fails;
        private transient int forgets;
        private transient boolean isUnanchored;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            fails = number(conf, "chaos.fail");
            forgets = number(conf, "chaos.forget");
            isUnanchored = Boolean.TRUE.equals(conf.get("chaos.unanchored"));
        }

        @Override
        public void execute(Tuple tuple) {
            int fate = ThreadLocalRandom.current().nextInt(10_000);
            if (fate < fails) {
                collector.fail(tuple);
                return;
            }
            if (fate < fails + forgets) {
                return;
            }
            String word = tuple.getString(0);
            Values values = new Values(word.substring(0, word.indexOf('/')), word);
            if (isUnanchored) {
                collector.emit(values);
            } else {
                collector.emit(tuple, values);
            }
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("key", "word"));
        }
    }

    /** Work in a child of the JVM. */
    static final class ShellWork extends ShellBolt implements IRichBolt {
        ShellWork(String... command) {
            super(command);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("key", "word"));
        }

        @Override
        public Map<String, Object> getComponentConfiguration() {
            return null;
        }
    }

    /** One tuple for each key of which every part has come, anchored to all of them. */
    static final class Join extends BaseRichBolt {
        /** Keys with a part that never comes: their ids were emitted again under another key. */
        private static final int KEYS_MAX = 2000;
        private transient OutputCollector collector;
        private transient int parts;
        private transient Map<String, Map<String, Tuple>> open;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            parts = number(conf, "chaos.parts");
            open = new LinkedHashMap<>();
        }

        @Override
        public void execute(Tuple tuple) {
            String key = tuple.getString(0);
            Map<String, Tuple> held = open.computeIfAbsent(key, any -> new LinkedHashMap<>());
            Tuple before = held.put(tuple.getString(1), tuple);
            if (before != null) {
                collector.ack(before);
            }
            if (held.size() == parts) {
                collector.emit(held.values(), new Values(key));
                held.values().forEach(collector::ack);
                open.remove(key);
            }
            if (open.size() > KEYS_MAX) {
                Iterator<Map<String, Tuple>> all = open.values().iterator();
                all.next().values().forEach(collector::fail);
                all.remove();
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("key"));
        }
    }

    /** One tuple for three, anchored to all their roots; for fewer at a tick. */
    static final class Pair extends BaseRichBolt {
        private transient OutputCollector collector;
        private transient List<Tuple> held;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            held = new ArrayList<>();
        }

        @Override
        public void execute(Tuple tuple) {
            boolean isTick = TupleUtils.isTick(tuple);
            if (isTick) {
                collector.ack(tuple);
            } else {
                held.add(tuple);
            }
            if (held.size() < 3 && !(isTick && !held.isEmpty())) {
                return;
            }
            StringBuilder keys = new StringBuilder();
            for (Tuple each : held) {
                keys.append(keys.length() == 0 ? "" : ",").append(each.getString(0));
            }
            collector.emit(held, new Values(keys.toString()));
            held.forEach(collector::ack);
            held.clear();
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("keys"));
        }
    }

    /** Appends `s ID` or `s ID/PART` for each id in the last value before it acks. */
    static final class Sink extends BaseRichBolt {
        private transient OutputCollector collector;
        private transient Journal journal;

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            journal = Journal.open(conf, context);
        }

        @Override
        public void execute(Tuple tuple) {
            for (String each : tuple.getString(tuple.size() - 1).split(",")) {
                int hash = each.indexOf('#');
                int slash = each.indexOf('/', hash);
                journal.write("s " + each.substring(0, hash) + (slash < 0 ? "" : each.substring(slash)));
            }
            collector.ack(tuple);
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
        }
    }
}
