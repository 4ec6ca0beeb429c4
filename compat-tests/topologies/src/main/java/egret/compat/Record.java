package egret.compat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.storm.shade.net.minidev.json.JSONArray;
import org.apache.storm.task.TopologyContext;

/**
 * What a task saw: one JSON array per line in `compat.out`/COMPONENT-TASK.jsonl, which the test suite reads.
 */
final class Record {
    private final Path file;

    private Record(Path file) {
        this.file = file;
    }

    static Record open(Map<String, Object> conf, TopologyContext context) {
        Path dir = Path.of((String) conf.get("compat.out"));
        try {
            Files.createDirectories(dir);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Record(dir.resolve(context.getThisComponentId() + "-" + context.getThisTaskId() + ".jsonl"));
    }

    synchronized void write(Object... what) {
        try {
            String line = JSONArray.toJSONString(Arrays.asList(what)) + "\n";
            Files.write(file, line.getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The numbers that stand behind a word in the whole lines so far. */
    Set<Integer> numbersOf(String what) {
        Set<Integer> numbers = new HashSet<>();
        try {
            String start = "[\"" + what + "\",";
            for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
                if (line.startsWith(start) && line.endsWith("]")) {
                    numbers.add(Integer.parseInt(line.substring(start.length(), line.length() - 1)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return numbers;
    }

    /** [class name, text] of each value, so that types are seen as well. */
    static List<Object> describe(List<Object> values) {
        List<Object> out = new ArrayList<>();
        for (Object value : values) {
            String text = Arrays.deepToString(new Object[] {value});
            out.add(List.of(value == null ? "null" : value.getClass().getName(), text.substring(1, text.length() - 1)));
        }
        return out;
    }
}
