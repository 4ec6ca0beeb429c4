package egret.shell;

import java.util.Locale;
import java.util.random.RandomGenerator;

/** Decides when to restart a child that ended, and how to report its end. It spans all children of a task. */
final class Restarts {
    private static final long FIRST_MS = 20;
    private static final double FACTOR = 3;
    private static final long MAX_MS = 30_000;
    private static final double JITTER = 0.2;
    /** A child that lived this long has recovered: its end is the first of a new series. */
    private static final long RECOVERED_MS = 60_000;
    /** From this many ends in a row on the errors speak of a crash loop. */
    private static final int CRASH_LOOP_MIN = 3;

    private final RandomGenerator random;
    private int ends;

    Restarts(RandomGenerator random) {
        this.random = random;
    }

    /** A child that lived so long has ended. Returns how long to wait before the next is started. */
    long ended(long livedMs) {
        ends = livedMs >= RECOVERED_MS ? 1 : ends + 1;
        double waitMs = Math.min(MAX_MS, FIRST_MS * Math.pow(FACTOR, ends - 1));
        return (long) (waitMs * (1 + JITTER * (2 * random.nextDouble() - 1)));
    }

    /** The whole text of the error. */
    String tell(Ended end, long waitMs) {
        StringBuilder text = new StringBuilder(end.reason());
        if (ends >= CRASH_LOOP_MIN) {
            text.append(String.format(Locale.ROOT, "%nCrash loop: ended %d times in a row; next start in %.1f s.", ends, waitMs / 1000.0));
        }
        if (!end.stderrTail().isEmpty()) {
            text.append("\nLast lines of its standard error:\n").append(String.join("\n", end.stderrTail()));
        }
        return text.toString();
    }
}
