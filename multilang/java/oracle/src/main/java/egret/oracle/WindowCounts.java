package egret.oracle;

import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.storm.metric.internal.CountStat;
import org.apache.storm.shade.net.minidev.json.JSONValue;

/**
 * What Storm's CountStat has in its windows. Question: a list of scripts, each a list of {@code [timeMs,
 * what, amount]} in the order of time, `what` being "add", "rotate" (as Storm's timer does) or "read".
 * Answer: for each script, the counts of each reading by window. Buckets are Storm's twenty, and time begins
 * at 0.
 */
public final class WindowCounts {
    private static final int BUCKETS = 20;

    private WindowCounts() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err); // Storm logs to standard output
        Object question = JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        List<Object> results = new ArrayList<>();
        for (Object script : (List<?>) question) {
            results.add(run((List<?>) script));
        }
        answers.println(JSONValue.toJSONString(results));
    }

    private static List<Object> run(List<?> script) throws ReflectiveOperationException {
        Constructor<CountStat> constructor = CountStat.class.getDeclaredConstructor(int.class, long.class);
        Method rotate = CountStat.class.getDeclaredMethod("rotateSched", long.class);
        Method read = CountStat.class.getDeclaredMethod("getTimeCounts", long.class);
        constructor.setAccessible(true);
        rotate.setAccessible(true);
        read.setAccessible(true);
        CountStat counts = constructor.newInstance(BUCKETS, 0L);
        List<Object> readings = new ArrayList<>();
        for (Object each : script) {
            List<?> step = (List<?>) each;
            long timeMs = ((Number) step.get(0)).longValue();
            switch ((String) step.get(1)) {
                case "add" -> counts.incBy(((Number) step.get(2)).longValue());
                case "rotate" -> rotate.invoke(counts, timeMs);
                default -> readings.add((Map<?, ?>) read.invoke(counts, timeMs));
            }
        }
        return readings;
    }
}
