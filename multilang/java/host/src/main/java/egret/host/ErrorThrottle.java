package egret.host;

import java.util.HashMap;
import java.util.Map;

/** At most so many errors of one component in an interval, as Storm's ReportError does it (2.8). */
final class ErrorThrottle {
    private final int errorsMax;
    private final long intervalMs;
    private final Map<String, Interval> intervals = new HashMap<>();

    ErrorThrottle(int errorsMax, int intervalSecs) {
        this.errorsMax = errorsMax;
        this.intervalMs = intervalSecs * 1000L;
    }

    private static final class Interval {
        private long startMs;
        private int errors;
    }

    synchronized boolean allows(String component) {
        long nowMs = System.currentTimeMillis();
        Interval interval = intervals.computeIfAbsent(component, c -> new Interval());
        if (nowMs - interval.startMs > intervalMs) {
            interval.startMs = nowMs;
            interval.errors = 0;
        }
        return ++interval.errors <= errorsMax;
    }
}
