package egret.host;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * One life of a JVM host:
 *
 *   hello -> start -> plan (the first complete one) -> started -> running -> stop, or a fault, or the
 *   connection's end
 *
 * The thread of {@link #run} reads from the link; a second thread starts the worker, which takes seconds.
 * However the process ends, what it has to say is written first and the children of shell components are
 * ended last.
 */
final class Host implements Link.Sink {
    private static final int PROTOCOL = 1;
    /** How long the last messages may take to get out. */
    private static final long LAST_WORDS_MS = 1000;

    private final Link link;
    private final Thread startup;
    private final Ending ending;
    private final CompletableFuture<StartMessage> startMessage = new CompletableFuture<>();
    private final CountDownLatch isPlanComplete = new CountDownLatch(1);
    private volatile HostedWorker worker;

    Host(Link link, Thread startup) {
        this.link = link;
        this.startup = startup;
        this.ending = new Ending(link);
    }

    void run() {
        link.sendControl("{\"type\":\"hello\",\"protocol\":" + PROTOCOL + ",\"kind\":\"jvm\",\"pid\":"
                + ProcessHandle.current().pid() + "}");
        Thread starter = new Thread(this::startWorker, "egret-host-start");
        starter.setDaemon(true);
        starter.start();
        try {
            link.read(this);
        } catch (Throwable e) { // an OutOfMemoryError, too: a host that does not read must not seem to live
            fatal("the connection of the JVM host cannot be used", e);
        }
        ending.now(Ending.CONTAINER_GONE);
    }

    @Override
    public void dataFrame(byte[] bytes, int start, int end) throws IOException {
        if (worker == null) {
            throw new ProtocolException("received tuples before the start message");
        }
        worker.transport().dataFrame(bytes, start, end);
    }

    @Override
    public void endOfRead() {
        if (worker != null) {
            worker.transport().endOfRead();
        }
    }

    @Override
    public void controlFrame(String json) throws IOException {
        awaitStartup();
        Map<String, Object> message = Json.parseObject(json);
        String type = Json.string(message, "type");
        if (type.equals("start")) {
            start(message);
            return;
        }
        if (worker == null && !type.equals("stop")) {
            throw new ProtocolException("control message " + type + " came before start");
        }
        switch (type) {
            case "plan" -> plan(Json.object(message.get("plan")));
            case "packing" -> worker.packed(Json.object(message.get("plan")));
            case "loads" -> worker.transport().loadsReported(message);
            case "pressure" -> worker.transport().pressureReported(message);
            case "lost" -> worker.lost(message);
            case "stop" -> ending.orderly(worker, Json.integer(message, "graceMs"));
            default -> throw new ProtocolException("unknown control message " + type);
        }
    }

    private void start(Map<String, Object> message) throws IOException {
        StartMessage start = new StartMessage(message);
        worker = new HostedWorker(start, link);
        ending.watch(worker);
        startMessage.complete(start);
    }

    private void plan(Map<String, Object> plan) {
        worker.planned(plan);
        if (Boolean.TRUE.equals(plan.get("isComplete"))) {
            isPlanComplete.countDown();
        }
    }

    private void startWorker() {
        try {
            startMessage.get();
            isPlanComplete.await();
            worker.start();
        } catch (Throwable e) {
            HostedWorker broken = worker;
            List<String> components = broken == null ? List.of() : broken.brokenComponents();
            fatal(components.isEmpty() ? "the worker cannot start" : String.join("; ", components), e);
        }
    }

    /**
     * Waits for the startup thread: Storm's own JSON parser reads control messages, and is still being loaded
     * when the first message arrives.
     */
    private void awaitStartup() {
        try {
            startup.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void fatal(String what, Throwable cause) {
        try {
            StringWriter trace = new StringWriter();
            cause.printStackTrace(new PrintWriter(trace));
            System.err.println(what + ": " + trace);
            link.sendControl(Json.write(Map.of("type", "fatal", "message", what + ": " + trace)));
            link.drain(LAST_WORDS_MS);
        } finally {
            ending.now(Ending.FATAL);
        }
    }
}
