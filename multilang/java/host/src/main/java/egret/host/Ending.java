package egret.host;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** The ways in which the process ends. */
final class Ending {
    static final int FATAL = 1;
    /**
     * The exit code when an orderly shutdown takes too long. Storm uses the same one:
     * Utils.addShutdownHookWithDelayedForceKill (2.8) halts with 20.
     */
    static final int TOOK_TOO_LONG = 20;
    static final int CONTAINER_GONE = 30;
    private static final long LAST_WORDS_MS = 1000;

    private final Link link;
    private volatile boolean isShutDown;

    Ending(Link link) {
        this.link = link;
    }

    /** The container asks: components are closed, the topology's own shutdown hooks run, then exit code 0. */
    void orderly(HostedWorker worker, int graceMs) {
        inBackground("egret-stop", () -> {
            boolean isDone = shutDown(worker, graceMs);
            link.drain(LAST_WORDS_MS);
            if (!isDone) {
                now(TOOK_TOO_LONG);
            }
            Runtime.getRuntime().exit(0);
        });
    }

    /**
     * From now on an end that Storm or a component brings about (a task's exception ends in System.exit,
     * Utils.mkSuicideFn 2.8) or a signal closes the components too, within the time that Storm gives them.
     */
    void watch(HostedWorker worker) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (UncaughtExceptions.lastWords() != null) {
                link.sendControl(Json.write(Map.of("type", "fatal", "message", UncaughtExceptions.lastWords())));
            }
            link.drain(LAST_WORDS_MS); // the error that ends the worker, before anything can go wrong
            if (!isShutDown) {
                shutDown(worker, TimeUnit.SECONDS.toMillis(worker.shutdownSecs()));
            }
            link.drain(LAST_WORDS_MS);
            endDescendants();
        }, "egret-shutdown"));
    }

    /** At once, without any hook. */
    void now(int exitCode) {
        endDescendants();
        Runtime.getRuntime().halt(exitCode);
    }

    private boolean shutDown(HostedWorker worker, long limitMs) {
        isShutDown = true;
        if (worker == null) {
            return true;
        }
        Thread closing = inBackground("egret-close", () -> close(worker));
        try {
            closing.join(Math.max(1, limitMs));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !closing.isAlive();
    }

    /** A worker that has not quite started cannot be shut down in order; it ends all the same. */
    private static void close(HostedWorker worker) {
        try {
            worker.shutdown();
        } catch (RuntimeException | LinkageError e) {
            LoggerFactory.getLogger(Ending.class).warn("The worker was not shut down in order", e);
        }
    }

    /** Shell components' children that their bolts have not ended. */
    private static void endDescendants() {
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    }

    private static Thread inBackground(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
