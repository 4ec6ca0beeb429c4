package egret.compat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichBolt;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/**
 * Parts that count: each task keeps the number of its tuples in `compat.out`/COMPONENT-TASK.count. A spout
 * emits while `compat.out`/go-COMPONENT is there and `compat.out`/stop is not.
 */
final class Branches {
    private static final long LOOK_NANOS = 20_000_000;

    private Branches() {
    }

    /** The number of a task's tuples, in a file that is whole at any time. */
    private static final class Counter {
        private final Path dir;
        private final Path file;
        private long count;
        private long written = -1;
        private long lookedAt;

        Counter(Map<String, Object> conf, TopologyContext context) {
            dir = Path.of((String) conf.get("compat.out"));
            file = dir.resolve(context.getThisComponentId() + "-" + context.getThisTaskId() + ".count");
        }

        /** True when it is time to look at files again; the count has then been written. */
        boolean isTimeToLook() {
            long now = System.nanoTime();
            if (now - lookedAt < LOOK_NANOS) {
                return false;
            }
            lookedAt = now;
            write();
            return true;
        }

        private void write() {
            if (count == written) {
                return;
            }
            try {
                Path next = Path.of(file + ".next");
                Files.writeString(next, Long.toString(count));
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
                written = count;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Numbers from 0 on: as many a second as asked, or without a limit for 0. */
    public static final class Numbers extends BaseRichSpout {
        private static final int BURST = 100;
        private final int perSec;
        private transient SpoutOutputCollector collector;
        private transient Counter counter;
        private transient Path go;
        private transient boolean isOn;
        private transient long onSince;
        private transient long since;

        Numbers(int perSec) {
            this.perSec = perSec;
        }

        @Override
        public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
            this.collector = collector;
            counter = new Counter(conf, context);
            go = counter.dir.resolve("go-" + context.getThisComponentId());
        }

        @Override
        public void nextTuple() {
            if (counter.isTimeToLook()) {
                boolean mayEmit = Files.exists(go) && !Files.exists(counter.dir.resolve("stop"));
                if (mayEmit && !isOn) {
                    onSince = System.nanoTime();
                    since = 0;
                }
                isOn = mayEmit;
            }
            long due = perSec == 0 ? since + BURST : (System.nanoTime() - onSince) * perSec / 1_000_000_000;
            if (!isOn || since >= due) {
                LockSupport.parkNanos(1_000_000);
                return;
            }
            for (int i = 0; i < BURST && since < due; i++) {
                since++;
                collector.emit(new Values(counter.count++, 0));
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("number", "hops"));
        }
    }

    /** Takes so long for each tuple, counts it, and passes it on until it has made so many hops. */
    public static final class Taking extends BaseRichBolt {
        private final long nanos;
        private final int hopsMax;
        private transient OutputCollector collector;
        private transient Counter counter;
        private transient Thread writer;

        Taking(long micros, int hopsMax) {
            this.nanos = 1000 * micros;
            this.hopsMax = hopsMax;
        }

        @Override
        public void prepare(Map<String, Object> conf, TopologyContext context, OutputCollector collector) {
            this.collector = collector;
            counter = new Counter(conf, context);
            // the last tuples are to be seen, too, when no more come
            writer = new Thread(() -> {
                while (!Thread.interrupted()) {
                    synchronized (counter) {
                        counter.isTimeToLook();
                    }
                    LockSupport.parkNanos(LOOK_NANOS);
                }
            });
            writer.setDaemon(true);
            writer.start();
        }

        @Override
        public void execute(Tuple tuple) {
            if (nanos > 0) {
                LockSupport.parkNanos(nanos);
            }
            synchronized (counter) {
                counter.count++;
            }
            int hops = tuple.getInteger(1);
            if (hops < hopsMax) {
                collector.emit(tuple, new Values(tuple.getLong(0), hops + 1));
            }
            collector.ack(tuple);
        }

        @Override
        public void cleanup() {
            writer.interrupt();
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("number", "hops"));
        }
    }
}
