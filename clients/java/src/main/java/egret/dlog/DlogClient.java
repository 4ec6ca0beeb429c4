package egret.dlog;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The distributed log of a gateway. Streams are named {@code namespace/name}. The client sends each call to
 * the stream's owner and retries temporary failures. Calls throw {@link DlogException}. A client may be
 * shared by any number of threads; a writer or tail belongs to one thread.
 */
public final class DlogClient {
    private static final int TIMEOUT_MS = 40_000;
    private static final long PATIENCE_MS = 20_000;
    private static final Map<Integer, Object> NO_CONTEXT = Map.of();
    private final Route.Options options;

    /**
     * The gateways are tried in order. Their port is the {@code dlog=} of a gateway's ready line, or
     * egret.dlog.port.
     */
    public DlogClient(List<InetSocketAddress> homes) {
        options = new Route.Options(List.copyOf(homes), new ConcurrentHashMap<>(), TIMEOUT_MS, PATIENCE_MS);
    }

    public void create(String stream, Settings settings) {
        call(stream, "createWith", Map.of(1, stream, 2, settings.fields), Answers.Shape.WRITE, false);
    }

    public void delete(String stream) {
        call(stream, "deleteStream", Map.of(1, stream), Answers.Shape.WRITE, false);
    }

    public List<String> list(String namespace) {
        return call(namespace, "listStreams", Map.of(1, namespace), Answers.Shape.NAMES, true).names();
    }

    /**
     * Truncates everything before a position; the mark never moves backwards. Returns where the stream begins
     * now.
     */
    public Position truncate(String stream, Position at) {
        Map<Integer, Object> arguments = Map.of(1, stream, 2, at.toWire(), 3, NO_CONTEXT);
        return Position.fromWire(call(stream, "truncate", arguments, Answers.Shape.WRITE, true).dlsn());
    }

    /** Seals the stream permanently: it can be read, but no longer written. */
    public void seal(String stream) {
        call(stream, "seal", Map.of(1, stream, 2, NO_CONTEXT), Answers.Shape.WRITE, true);
    }

    public StreamWriter writer(String stream) {
        return new StreamWriter(options, stream);
    }

    /**
     * {@code onMoved} is called when the records to be read next were truncated, with the position where
     * reading continues.
     */
    public Tail tail(String stream, Tail.From from, boolean isFollowing, Consumer<Position> onMoved) {
        return new Tail(options, stream, from, isFollowing, onMoved);
    }

    private Answers.Answer call(String stream, String method, Map<Integer, Object> arguments, Answers.Shape shape, boolean isRepeatable) {
        try (Route route = new Route(options, stream)) {
            return route.settled(method, arguments, shape, isRepeatable);
        }
    }
}
