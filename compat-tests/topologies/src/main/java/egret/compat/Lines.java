package egret.compat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;
import org.apache.storm.utils.Utils;

/**
 * Emits every line of a text once, its number as message id; what fails is emitted again. Each spout task
 * takes its share of the lines. With `compat.pace` it never ends: it starts over at the end, at that many
 * lines a second; with `compat.once` as well it emits each line once at that pace. With `compat.resume` a
 * task that is opened again leaves out what it had acked, by its own record: a source that keeps nothing that
 * was acked. With `compat.stop` it records each first emit, and once the file of that name exists it emits
 * only what it had emitted before and not acked.
 */
public final class Lines extends BaseRichSpout {
    private final boolean anchored;
    private transient List<String> lines;
    private transient Deque<Integer> due;
    private transient int pace;
    private transient boolean isOnce;
    private transient long nextNanos;
    private transient Path stop;
    private transient boolean isStopped;
    private transient long nextLookNanos;
    private transient Set<Integer> emitted;
    private transient SpoutOutputCollector collector;
    private transient Record record;

    public Lines(boolean anchored) {
        this.anchored = anchored;
    }

    @Override
    public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
        this.collector = collector;
        record = Record.open(conf, context);
        try {
            lines = Files.readAllLines(Path.of((String) conf.get("compat.text")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        pace = ((Number) conf.getOrDefault("compat.pace", 0)).intValue();
        isOnce = conf.containsKey("compat.once");
        due = new ArrayDeque<>();
        stop = conf.containsKey("compat.stop") ? Path.of((String) conf.get("compat.stop")) : null;
        emitted = stop == null ? new HashSet<>() : record.numbersOf("emit");
        int tasks = context.getComponentTasks(context.getThisComponentId()).size();
        Set<Integer> acked = conf.containsKey("compat.resume") ? record.numbersOf("ack") : Set.of();
        for (int i = context.getThisTaskIndex(); i < lines.size(); i += tasks) {
            if (acked.contains(i)) {
                continue;
            }
            if (emitted.contains(i)) {
                due.addFirst(i);
            } else {
                due.addLast(i);
            }
        }
        record.write("open");
    }

    @Override
    public void nextTuple() {
        if (pace > 0 && System.nanoTime() < nextNanos) {
            Utils.sleep(1);
            return;
        }
        if (stop != null && !isStopped) {
            lookForStop();
        }
        Integer number = due.poll();
        if (number == null) {
            return;
        }
        if (stop != null && emitted.add(number)) {
            record.write("emit", number);
        }
        if (pace > 0) {
            nextNanos = System.nanoTime() + 1_000_000_000L / pace;
            if (!isOnce) {
                due.add(number);
            }
        }
        if (anchored) {
            collector.emit(new Values(lines.get(number), number), number);
        } else {
            collector.emit(new Values(lines.get(number), number));
        }
    }

    private void lookForStop() {
        if (System.nanoTime() < nextLookNanos) {
            return;
        }
        nextLookNanos = System.nanoTime() + 50_000_000L;
        if (Files.exists(stop)) {
            isStopped = true;
            due.removeIf(number -> !emitted.contains(number));
            record.write("stop");
        }
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
    public void activate() {
        record.write("activate");
    }

    @Override
    public void deactivate() {
        record.write("deactivate");
    }

    @Override
    public void close() {
        record.write("close");
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("line", "number"));
    }
}
