package egret.dlog;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Consumer;

/**
 * The records of a stream, each once and in order, over lost connections and changes of owner. Ends where the
 * stream was sealed or, when it does not follow, at the current end of the stream. For one thread; closing it
 * closes its connection.
 */
public final class Tail implements Iterator<Record>, AutoCloseable {
    private static final int RECORDS_MAX = 1000;
    private static final int BYTES_MAX = 512 * 1024;
    private static final int WAIT_MS = 10_000;

    /** Where to begin. */
    public record From(int field, Object value) {
        public static From earliest() {
            return new From(1, true);
        }

        public static From latest() {
            return new From(2, true);
        }

        public static From position(Position position) {
            return new From(3, position.toWire());
        }

        /** Begins at the first entry written at this time or later, in milliseconds since the epoch. */
        public static From time(long ms) {
            return new From(4, ms);
        }
    }

    private final Route route;
    private final String stream;
    private final boolean isFollowing;
    private final Consumer<Position> onMoved;
    private final Deque<Record> records = new ArrayDeque<>();
    private From from;
    private boolean isOver;

    Tail(Route.Options options, String stream, From from, boolean isFollowing, Consumer<Position> onMoved) {
        this.route = new Route(options, stream);
        this.stream = stream;
        this.from = from;
        this.isFollowing = isFollowing;
        this.onMoved = onMoved;
    }

    /** Waits for a record or the end of the stream. */
    @Override
    public boolean hasNext() {
        while (records.isEmpty() && !isOver) read();
        return !records.isEmpty();
    }

    @Override
    public Record next() {
        if (!hasNext()) throw new NoSuchElementException();
        return records.remove();
    }

    @Override
    public void close() {
        isOver = true;
        route.close();
    }

    private void read() {
        Map<Integer, Object> arguments =
            Map.of(1, stream, 2, Map.of(from.field, from.value), 3, RECORDS_MAX, 4, BYTES_MAX, 5, isFollowing ? WAIT_MS : 0);
        Answers.Answer answer = route.settled("read", arguments, Answers.Shape.READ, true);
        records.addAll(answer.records());
        from = new From(3, answer.dlsn());
        if (answer.isMoved()) onMoved.accept(Position.fromWire(answer.dlsn()));
        isOver = answer.isEnd() || (!isFollowing && answer.records().isEmpty() && !answer.isMoved());
    }
}
