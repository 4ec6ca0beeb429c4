package egret.dlog;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.thrift.TException;

/**
 * Appends to one stream in the order of the calls, without a hole, from one thread. Pending records are sent
 * as one set (all of it is committed, or none). With eight sets in flight, the next append waits for an
 * answer. Each append is a future of its position; it fails with a {@link DlogException} whose fate is
 * REFUSED (the record never appears) or UNKNOWN (it may appear, once). After either, the writer has failed
 * and refuses everything: open a new one to continue. Futures complete inside the calls of this writer:
 * {@link #append} and {@link #flush}.
 */
public final class StreamWriter implements AutoCloseable {
    private static final int SET_RECORDS_MAX = 1024;
    private static final int SET_BYTES_MAX = 256 * 1024;
    private static final int SETS_MAX = 8;
    private static final int RECORD_BYTES_MAX = 1024 * 1024 - 8192;
    private static final int SET_VERSION = 0x1000;

    private record Waiting(byte[] payload, CompletableFuture<Position> future) {}

    private final String stream;
    private final Route route;
    private List<Waiting> gathered = new ArrayList<>();
    private int gatheredBytes;
    /** Sets that were refused temporarily, or could not be sent yet. */
    private final Deque<List<Waiting>> waiting = new ArrayDeque<>();
    private final Deque<List<Waiting>> underWay = new ArrayDeque<>();
    private long session = 1;
    private DlogException fault;

    StreamWriter(Route.Options options, String stream) {
        this.stream = stream;
        this.route = new Route(options, stream);
    }

    /** Why the writer accepts nothing more; null while it does. */
    public DlogException fault() {
        return fault;
    }

    /** Do not modify the payload until the future is done. */
    public CompletableFuture<Position> append(byte[] payload) {
        if (fault != null) return CompletableFuture.failedFuture(refusal(fault));
        if (payload.length > RECORD_BYTES_MAX) {
            String message = "a record has " + payload.length + " bytes of at most " + RECORD_BYTES_MAX;
            return CompletableFuture.failedFuture(new DlogException(DlogException.Fate.REFUSED, 413, message, null));
        }
        if (gatheredBytes + payload.length + 4 > SET_BYTES_MAX) sendGathered();
        var future = new CompletableFuture<Position>();
        gathered.add(new Waiting(payload, future));
        gatheredBytes += payload.length + 4;
        if (gathered.size() == SET_RECORDS_MAX) sendGathered();
        return future;
    }

    /** Returns when the outcome of every append is known. */
    public void flush() {
        sendGathered();
        while (!underWay.isEmpty() || !waiting.isEmpty()) step();
    }

    @Override
    public void close() {
        flush();
        route.close();
    }

    private void sendGathered() {
        if (!gathered.isEmpty()) waiting.add(gathered);
        gathered = new ArrayList<>();
        gatheredBytes = 0;
        if (fault != null) fail(fault);
        while (underWay.size() + waiting.size() > SETS_MAX) step();
        sendWaiting();
    }

    private void step() {
        sendWaiting();
        if (!underWay.isEmpty()) settleOldest();
    }

    private void sendWaiting() {
        while (!waiting.isEmpty() && underWay.size() < SETS_MAX) {
            Connection connection;
            try {
                connection = route.connected();
            } catch (TException error) {
                // With nothing in flight, a lost connection has cost nothing yet.
                if (!underWay.isEmpty()) return;
                try {
                    route.afterLoss(error);
                } catch (DlogException last) {
                    fail(last);
                }
                continue;
            }
            List<Waiting> set = waiting.remove();
            underWay.add(set);
            byte[] data = set.size() == 1 ? set.get(0).payload : encoded(set);
            Map<Integer, Object> context = Map.of(3, set.size() > 1, 16, session);
            try {
                connection.send("writeWithContext", Map.of(1, stream, 2, data, 3, context));
            } catch (TException error) {
                lost(error);
            }
        }
    }

    private void settleOldest() {
        Answers.Answer answer;
        try {
            answer = route.connected().receive(Answers.Shape.WRITE);
        } catch (TException error) {
            lost(error);
            return;
        }
        List<Waiting> set = underWay.remove();
        Answers.Header header = answer.header();
        if (header.code() == Answers.SUCCESS) {
            route.progressed();
            committed(set, answer.dlsn());
        } else if (header.isPassing()) {
            sendAgain(set, header);
        } else {
            DlogException failure = header.failure(stream);
            told(set, failure);
            drain();
            fail(failure);
        }
    }

    /**
     * The gateway cancelled everything behind the refused set: all of it is resent, in order, in the next
     * session.
     */
    private void sendAgain(List<Waiting> first, Answers.Header header) {
        List<List<Waiting>> again = new ArrayList<>(List.of(first));
        try {
            while (!underWay.isEmpty()) {
                Answers.Header later = route.connected().receive(Answers.Shape.WRITE).header();
                if (later.code() == Answers.SUCCESS || later.isUnknown()) {
                    // Resending the sets before it now could put them behind it.
                    DlogException failure = new DlogException(DlogException.Fate.UNKNOWN, later.code(), stream + ": out of order", null);
                    told(underWay.remove(), failure);
                    again.forEach(set -> told(set, header.failure(stream)));
                    drain();
                    fail(failure);
                    return;
                }
                again.add(underWay.remove());
            }
        } catch (TException error) {
            again.forEach(set -> told(set, header.failure(stream)));
            lost(error);
            return;
        }
        session += 1;
        for (int index = again.size() - 1; index >= 0; index--) waiting.addFirst(again.get(index));
        try {
            route.recover(header);
        } catch (DlogException failure) {
            fail(failure);
        }
    }

    /** In-flight records were sent: their answers decide their outcome. */
    private void drain() {
        try {
            while (!underWay.isEmpty()) {
                Answers.Answer answer = route.connected().receive(Answers.Shape.WRITE);
                List<Waiting> set = underWay.remove();
                if (answer.header().code() == Answers.SUCCESS) committed(set, answer.dlsn());
                else told(set, answer.header().failure(stream));
            }
        } catch (TException error) {
            lost(error);
        }
    }

    private void lost(TException error) {
        route.lost();
        DlogException failure = route.lostIn(error);
        while (!underWay.isEmpty()) told(underWay.remove(), failure);
        fail(failure);
    }

    /** Anything that was never sent, or was refused, is refused. */
    private void fail(DlogException failure) {
        if (fault == null) fault = failure;
        while (!waiting.isEmpty()) told(waiting.remove(), refusal(failure));
        told(gathered, refusal(failure));
        gathered = new ArrayList<>();
        gatheredBytes = 0;
    }

    private static DlogException refusal(DlogException because) {
        return new DlogException(DlogException.Fate.REFUSED, because.code(), because.getMessage(), because);
    }

    private static void committed(List<Waiting> set, String dlsn) {
        Position first = Position.fromWire(dlsn);
        for (int index = 0; index < set.size(); index++)
            set.get(index).future.complete(new Position(first.segment(), first.entry(), first.slot() + index));
    }

    private static void told(List<Waiting> set, DlogException failure) {
        for (Waiting each : set) each.future.completeExceptionally(failure);
    }

    /**
     * Encodes DistributedLog's LogRecordSet: version, count, bytes twice, then each record after its length.
     */
    private static byte[] encoded(List<Waiting> set) {
        int bytes = set.stream().mapToInt(each -> 4 + each.payload.length).sum();
        ByteBuffer buffer = ByteBuffer.allocate(16 + bytes);
        buffer.putInt(SET_VERSION).putInt(set.size()).putInt(bytes).putInt(bytes);
        for (Waiting each : set) buffer.putInt(each.payload.length).put(each.payload);
        return buffer.array();
    }
}
