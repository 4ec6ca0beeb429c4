package egret.shell;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks after all children of the worker a few times a second, in one thread. */
final class Watchdog {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
    private static final long EVERY_MS = 250;
    /** A gap this long between two checks means that the worker itself was stalled. */
    private static final long STALLED_MS = 5000;
    private static final Set<Watched> WATCHED = ConcurrentHashMap.newKeySet();
    private static Thread thread;

    private Watchdog() {
    }

    /** A task. Must not block. */
    interface Watched {
        /** @param wasStalled silence until now says nothing of the child */
        void look(long nowMs, boolean wasStalled);
    }

    static synchronized void watch(Watched watched) {
        WATCHED.add(watched);
        if (thread == null) {
            thread = new Thread(Watchdog::run, "egret-shell-watchdog");
            thread.setDaemon(true);
            thread.start();
        }
    }

    static void forget(Watched watched) {
        WATCHED.remove(watched);
    }

    private static void run() {
        long lastMs = Signs.nowMs();
        while (true) {
            try {
                Thread.sleep(EVERY_MS);
            } catch (InterruptedException e) {
                // no code has a reason to interrupt; the children need their watchdog
            }
            long nowMs = Signs.nowMs();
            for (Watched watched : WATCHED) {
                look(watched, nowMs, nowMs - lastMs > STALLED_MS);
            }
            lastMs = nowMs;
        }
    }

    /** What both kinds of task look at. True when the child was ended for it. */
    static boolean hasEnded(Child child, Settings settings, long nowMs, boolean wasStalled) {
        if (wasStalled) {
            child.signs().sign();
            child.moved(nowMs);
        }
        if (Faults.isUngreeted(child, settings, nowMs)) {
            child.fail(Faults.ungreeted(settings));
            return true;
        }
        if (child.isStoppedFor(settings.stoppedMsMax(), nowMs)) {
            child.fail(Faults.stopped(settings));
            return true;
        }
        return false;
    }

    private static void look(Watched watched, long nowMs, boolean wasStalled) {
        try {
            watched.look(nowMs, wasStalled);
        } catch (RuntimeException e) {
            LOG.warn("Checking a child failed", e);
        }
    }
}
