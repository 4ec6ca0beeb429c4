package egret.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.storm.Config;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.utils.TupleUtils;

/** Keeps the latest count of every word and writes them, most frequent first, to a file once a second. */
public final class TopWords extends BaseBasicBolt {
    private final String output;
    private final int shown;
    private transient Map<String, Long> counts;
    private transient boolean isChanged;

    /** The first {@code shown} words of the file are marked as the top. */
    public TopWords(String output, int shown) {
        this.output = output;
        this.shown = shown;
    }

    @Override
    public void prepare(Map<String, Object> conf, TopologyContext context) {
        counts = new HashMap<>();
    }

    @Override
    public void execute(Tuple tuple, BasicOutputCollector collector) {
        if (TupleUtils.isTick(tuple)) {
            if (isChanged) {
                write();
            }
            return;
        }
        counts.merge(tuple.getString(0), ((Number) tuple.getValue(1)).longValue(), Math::max);
        isChanged = true;
    }

    private void write() {
        List<String> rows = counts.entrySet().stream()
            .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
            .map(entry -> entry.getValue() + "\t" + entry.getKey())
            .collect(Collectors.toList());
        if (rows.size() > shown) {
            rows.add(shown, "--");
        }
        Path target = Path.of(output);
        Path written = Path.of(output + ".part");
        try {
            Files.write(written, rows);
            Files.move(written, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the counts to " + output, e);
        }
        isChanged = false;
    }

    @Override
    public Map<String, Object> getComponentConfiguration() {
        return Map.of(Config.TOPOLOGY_TICK_TUPLE_FREQ_SECS, 1);
    }

    @Override
    public void declareOutputFields(OutputFieldsDeclarer declarer) {
    }
}
