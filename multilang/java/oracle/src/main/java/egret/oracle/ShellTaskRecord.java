package egret.oracle;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.spout.ISpoutOutputCollector;
import org.apache.storm.task.IOutputCollector;
import org.apache.storm.tuple.Tuple;

/** What a shell task tells its collector. Emits go to task 9. */
final class ShellTaskRecord {
    private static final long LIMIT_MS = 150_000;

    private final Map<?, ?> until;
    private final List<Object> emits = new ArrayList<>();
    private final List<Object> acks = new ArrayList<>();
    private final List<Object> fails = new ArrayList<>();
    private final List<Object> errors = new ArrayList<>();

    ShellTaskRecord(Map<?, ?> until) {
        this.until = until;
    }

    synchronized boolean isDone() {
        Map<String, Integer> counts = Map.of("emits", emits.size(), "acks", acks.size(), "fails", fails.size(), "errors", errors.size());
        return until.entrySet().stream().allMatch(wanted -> counts.get(wanted.getKey()) >= ((Number) wanted.getValue()).intValue());
    }

    synchronized void awaitDone() throws InterruptedException {
        long untilMs = System.currentTimeMillis() + LIMIT_MS;
        for (long leftMs = LIMIT_MS; leftMs > 0 && !isDone(); leftMs = untilMs - System.currentTimeMillis()) {
            wait(leftMs);
        }
    }

    synchronized Map<String, Object> answer() {
        return new HashMap<>(Map.of("emits", new ArrayList<>(emits), "acks", new ArrayList<>(acks), "fails", new ArrayList<>(fails),
                "errors", new ArrayList<>(errors), "isDone", isDone()));
    }

    private synchronized void add(List<Object> list, Object what) {
        list.add(what);
        notifyAll();
    }

    /** `id`: the anchors of a bolt's emit, the message id of a spout's. */
    private void emit(Integer direct, String stream, Object id, List<Object> values) {
        List<Object> described = new ArrayList<>();
        for (Object value : values) {
            String text = Arrays.deepToString(new Object[] {value});
            described.add((value == null ? "null" : value.getClass().getName()) + " " + text.substring(1, text.length() - 1));
        }
        add(emits, Arrays.asList(stream, direct, String.valueOf(id), described));
    }

    private void error(Throwable error) {
        StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text));
        add(errors, text.toString());
    }

    IOutputCollector ofBolt() {
        return new IOutputCollector() {
            @Override
            public List<Integer> emit(String stream, Collection<Tuple> anchors, List<Object> values) {
                ShellTaskRecord.this.emit(null, stream, anchors.stream().map(tuple -> tuple.getValue(0)).toList(), values);
                return List.of(9);
            }

            @Override
            public void emitDirect(int task, String stream, Collection<Tuple> anchors, List<Object> values) {
                ShellTaskRecord.this.emit(task, stream, anchors.stream().map(tuple -> tuple.getValue(0)).toList(), values);
            }

            @Override
            public void ack(Tuple tuple) {
                add(acks, tuple.getValue(0));
            }

            @Override
            public void fail(Tuple tuple) {
                add(fails, tuple.getValue(0));
            }

            @Override
            public void resetTimeout(Tuple tuple) {
            }

            @Override
            public void flush() {
            }

            @Override
            public void reportError(Throwable error) {
                error(error);
            }
        };
    }

    ISpoutOutputCollector ofSpout(java.util.function.Consumer<Object> emitted) {
        return new ISpoutOutputCollector() {
            @Override
            public List<Integer> emit(String stream, List<Object> values, Object id) {
                ShellTaskRecord.this.emit(null, stream, id, values);
                emitted.accept(id);
                return List.of(9);
            }

            @Override
            public void emitDirect(int task, String stream, List<Object> values, Object id) {
                ShellTaskRecord.this.emit(task, stream, id, values);
                emitted.accept(id);
            }

            @Override
            public void flush() {
            }

            @Override
            public long getPendingCount() {
                return 0;
            }

            @Override
            public void reportError(Throwable error) {
                error(error);
            }
        };
    }
}
