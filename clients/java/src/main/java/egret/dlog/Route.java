package egret.dlog;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.thrift.TException;

/**
 * One connection, to the gateway that writes a stream; reopened when it is lost or the stream moves. For one
 * thread.
 */
final class Route implements AutoCloseable {
    /** The addresses of the gateways, and the owners that the routes of one client share. */
    record Options(List<InetSocketAddress> homes, Map<String, InetSocketAddress> owners, int timeoutMs, long patienceMs) {}

    private static final long PAUSE_MS = 200;
    private final Options options;
    private final String stream;
    private Connection connection;
    private long failingSinceNs = -1;
    private boolean isOwnerGone;

    Route(Options options, String stream) {
        this.options = options;
        this.stream = stream;
    }

    /** Returns a connection to the owner as far as it is known, or to the first gateway that answers. */
    Connection connected() throws TException {
        if (connection == null) connection = connect();
        return connection;
    }

    /**
     * Repeats a call until the answer is 200. Survives lost connections only if the call may be applied
     * twice.
     */
    Answers.Answer settled(String method, Map<Integer, Object> arguments, Answers.Shape shape, boolean isRepeatable) {
        for (;;) {
            Answers.Answer answer;
            boolean isSent = false;
            try {
                Connection connected = connected();
                isSent = true;
                connected.send(method, arguments);
                answer = connected.receive(shape);
            } catch (TException error) {
                if (isSent && !isRepeatable) throw lostIn(error);
                afterLoss(error);
                continue;
            }
            if (answer.header().code() == Answers.SUCCESS) {
                progressed();
                return answer;
            }
            recover(answer.header());
        }
    }

    void progressed() {
        failingSinceNs = -1;
    }

    /**
     * Follows the redirect in the answer, or waits a little. Throws the failure of the answer when it is
     * permanent or lasts too long.
     */
    void recover(Answers.Header header) {
        if (!header.isPassing() || isLate()) throw header.failure(stream);
        if (header.location() != null) {
            int colon = header.location().lastIndexOf(':');
            int port = Integer.parseInt(header.location().substring(colon + 1));
            var owner = InetSocketAddress.createUnresolved(header.location().substring(0, colon), port);
            boolean wasSent = owner.equals(options.owners.put(stream, owner));
            lost();
            // After a redirect that led nowhere, the caller waits: otherwise it would go in a circle without
            // a pause.
            if (!wasSent && !isOwnerGone) return;
            isOwnerGone = false;
        }
        pause();
    }

    void afterLoss(TException error) {
        lost();
        if (isLate()) throw lostIn(error);
        pause();
    }

    DlogException lostIn(Exception error) {
        String message = stream + ": the gateway went away: " + error.getMessage();
        return new DlogException(DlogException.Fate.UNKNOWN, 0, message, error);
    }

    void lost() {
        if (connection != null) connection.close();
        connection = null;
    }

    @Override
    public void close() {
        lost();
    }

    private boolean isLate() {
        long nowNs = System.nanoTime();
        if (failingSinceNs < 0) failingSinceNs = nowNs;
        return TimeUnit.NANOSECONDS.toMillis(nowNs - failingSinceNs) >= options.patienceMs;
    }

    private Connection connect() throws TException {
        InetSocketAddress owner = options.owners.get(stream);
        List<InetSocketAddress> addresses = new ArrayList<>(options.homes);
        if (owner != null) addresses.add(0, owner);
        TException failure = new TException("no gateway is named");
        for (InetSocketAddress address : addresses) {
            try {
                return new Connection(address.getHostString(), address.getPort(), options.timeoutMs);
            } catch (TException error) {
                failure = error;
                if (address.equals(owner)) {
                    // A dead owner is still named until its lease has expired.
                    options.owners.remove(stream);
                    isOwnerGone = true;
                }
            }
        }
        throw failure;
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new DlogException(DlogException.Fate.UNKNOWN, 0, "interrupted", error);
        }
    }
}
