package egret.shell;

import java.util.ArrayDeque;

/**
 * How many tuples a child may hold that it has not started to process.
 *
 * The pipe does not tell: stock adapters read ahead of their work without limit (while an emit waits for its
 * task ids, storm.py queues every tuple that comes before them), so tuples written as fast as the pipe takes
 * them end up in the child's memory. Instead heartbeats are woven in as markers: a child answers them in the
 * order of its input, so an answer says that all before it has been reached. An ack, a fail or an anchor says
 * so for its tuple as well.
 *
 * The window adapts between 2 and the most allowed so that a round trip takes tens of milliseconds: a fast
 * child never waits for us, and a slow one (seconds for a tuple) shows signs of life after every tuple. After
 * a pause it begins at 2 again. Times are milliseconds of one clock. Not thread safe.
 */
final class FlowWindow {
    private static final int SIZE_MIN = 2;
    private static final long FAST_MS = 50;
    private static final long SLOW_MS = 500;
    /**
     * More than a window ever has: an adapter that answers no heartbeat must not make us remember all of
     * them.
     */
    private static final int MARKERS_MAX = 1000;

    private final int tuplesMax;
    private int size;
    /**
     * How many tuples were written in total, and how many of them the child has reached. Tuples are numbered
     * from 1.
     */
    private long written;
    private long reached;
    private long lastAnswered;
    private long lastMarked;
    private final ArrayDeque<Marker> markers = new ArrayDeque<>();

    /** What had been written before a marker, and when it was. */
    private record Marker(long written, long atMs, long bytes) {
    }

    FlowWindow(int tuplesMax) {
        this.tuplesMax = tuplesMax;
        this.size = Math.min(tuplesMax, SIZE_MIN);
    }

    /** Tuples that may be written now. */
    int room() {
        return (int) Math.max(0, size - (written - reached));
    }

    /** The number of the tuple written next. */
    long nextNumber() {
        return written + 1;
    }

    /**
     * Counts a tuple that has been written. Returns true when a marker should follow it: twice in a window,
     * and when it is full.
     */
    boolean wrote() {
        written++;
        return written - Math.max(lastMarked, reached) >= Math.max(1, size / 2);
    }

    /** Whether the window is full and no answer that could open it is in flight. */
    boolean isStalled() {
        return room() == 0 && markers.isEmpty();
    }

    /** When the oldest unanswered marker was written; 0 when there is none. */
    long waitingSinceMs() {
        return markers.isEmpty() ? 0 : markers.peekFirst().atMs();
    }

    /** `bytes`: all that has been written to the child up to the marker's end. */
    void markerWritten(long nowMs, long bytes) {
        lastMarked = written;
        if (markers.size() < MARKERS_MAX) {
            markers.addLast(new Marker(written, nowMs, bytes));
        }
    }

    /**
     * Records that the child answered the oldest marker; ignores an answer to none. Returns the marker's
     * bytes, or 0.
     */
    long markerAnswered(long nowMs) {
        Marker marker = markers.pollFirst();
        if (marker == null) {
            return 0;
        }
        long covered = marker.written() - lastAnswered;
        lastAnswered = marker.written();
        reached = Math.max(reached, marker.written());
        long tookMs = nowMs - marker.atMs();
        // an answer to a heartbeat between tuples tells nothing of how fast tuples go
        if (tookMs <= FAST_MS && covered >= size / 2) {
            size = (int) Math.min(tuplesMax, size * 2L);
        } else if (tookMs >= SLOW_MS) {
            size = Math.max(Math.min(SIZE_MIN, tuplesMax), size / 2);
        }
        return marker.bytes();
    }

    /** Nothing has come for a while: how fast the next tuples go is to be seen. */
    void idle() {
        if (reached == written) {
            size = Math.min(tuplesMax, SIZE_MIN);
        }
    }

    /** Records that the child has reached the tuple of this number. */
    void reached(long number) {
        if (number > reached && number <= written) {
            reached = number;
        }
    }
}
