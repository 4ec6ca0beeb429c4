package egret.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseRichSpout;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Values;
import org.apache.storm.utils.Utils;

/**
 * Emits the lines of a text file, and replays a line that fails. With a pace, it starts over at the end of
 * the file and emits that many lines per second.
 */
public final class LineSpout extends BaseRichSpout {
    private final String file;
    private final int linesPerSecond;
    private transient SpoutOutputCollector collector;
    private transient List<String> lines;
    private transient Deque<Integer> failed;
    private transient int next;
    private transient long dueNanos;

    public LineSpout(String file, int linesPerSecond) {
        this.file = file;
        this.linesPerSecond = linesPerSecond;
    }

    @Override
    public void open(Map<String, Object> conf, TopologyContext context, SpoutOutputCollector collector) {
        this.collector = collector;
        failed = new ArrayDeque<>();
        dueNanos = System.nanoTime();
        try {
            lines = Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the text " + file, e);
        }
    }

    @Override
    public void nextTuple() {
        if (linesPerSecond > 0) {
            if (System.nanoTime() < dueNanos) {
                Utils.sleep(1);
                return;
            }
            dueNanos += 1_000_000_000L / linesPerSecond;
            if (next == lines.size()) {
                next = 0;
            }
        }
        Integer again = failed.poll();
        if (again != null) {
            collector.emit(new Values(lines.get(again)), again);
        } else if (next < lines.size()) {
            collector.emit(new Values(lines.get(next)), next);
            next++;
        }
    }

    @Override
    public void fail(Object line) {
        failed.add((Integer) line);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
        declarer.declare(new Fields("line"));
    }
}
