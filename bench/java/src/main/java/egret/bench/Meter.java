package egret.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what the components of one worker process do and appends a JSON line a second to
 * `bench.out`/PID.jsonl: exact counts since the start, the time of the first tuple at a sink, and a histogram
 * of complete latencies (buckets of `latency(us)`: eight to each power of two).
 */
final class Meter {
    static final LongAdder EMITTED = new LongAdder();
    static final LongAdder SUNK = new LongAdder();
    static final LongAdder ACKED = new LongAdder();
    static final LongAdder FAILED = new LongAdder();
    private static final AtomicLongArray LATENCIES = new AtomicLongArray(8 * 40);
    private static final AtomicBoolean STARTED = new AtomicBoolean();
    private static volatile long firstSinkMs;

    private Meter() {
    }

    static void start(Map<String, Object> conf) {
        Object out = conf.get("bench.out");
        if (out == null || !STARTED.compareAndSet(false, true)) {
            return;
        }
        Thread writer = new Thread(() -> write(Path.of((String) out)), "bench-meter");
        writer.setDaemon(true);
        writer.start();
    }

    static void sunk() {
        if (firstSinkMs == 0) {
            firstSinkMs = System.currentTimeMillis();
        }
        SUNK.increment();
    }

    static void acked(long sentNanos) {
        ACKED.increment();
        long us = Math.max(1, (System.nanoTime() - sentNanos) / 1000);
        int power = 63 - Long.numberOfLeadingZeros(us);
        int eighth = (int) (((us << 3) >>> power) & 7);
        LATENCIES.incrementAndGet(Math.min(LATENCIES.length() - 1, power * 8 + eighth));
    }

    private static void write(Path dir) {
        long pid = ProcessHandle.current().pid();
        try {
            Files.createDirectories(dir);
            while (true) {
                StringBuilder line = new StringBuilder()
                    .append("{\"timeMs\":").append(System.currentTimeMillis())
                    .append(",\"pid\":").append(pid)
                    .append(",\"firstSinkMs\":").append(firstSinkMs)
                    .append(",\"emitted\":").append(EMITTED.sum())
                    .append(",\"sunk\":").append(SUNK.sum())
                    .append(",\"acked\":").append(ACKED.sum())
                    .append(",\"failed\":").append(FAILED.sum())
                    .append(",\"latencies\":[");
                for (int i = 0; i < LATENCIES.length(); i++) {
                    line.append(i == 0 ? "" : ",").append(LATENCIES.get(i));
                }
                line.append("]}\n");
                Files.write(dir.resolve(pid + ".jsonl"), line.toString().getBytes(StandardCharsets.UTF_8),
                    StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                Thread.sleep(firstSinkMs == 0 ? 50 : 500);
            }
        } catch (IOException | InterruptedException e) {
            e.printStackTrace();
        }
    }
}
