package egret.host;

import java.util.HashMap;
import java.util.Map;

/** At most so many errors of one component in an interval, as Storm's ReportError does it (2.8). */
final class ErrorThrottle {
    private final int errorsMax;
    private final int intervalSecs;
    private final Map<String, Interval> intervals = new HashMap<>();

    ErrorThrottle(int errorsMax, int intervalSecs) {
        this.errorsMax = errorsMax;
        this.intervalSecs = intervalSecs;
    }

    private static final class Interval {
        private long startSecs;
        private int errors;
    }

    synchronized boolean allows(String component) {
        long nowSecs = System.currentTimeMillis() / 1000;
        Interval interval = intervals.computeIfAbsent(component, c -> new Interval());
        if (nowSecs - interval.startSecs > intervalSecs) {
            interval.startSecs = nowSecs;
            interval.errors = 0;
        }
        return ++interval.errors <= errorsMax;
    }
}
