package egret.shell;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.tuple.Tuple;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task of a ShellBolt, with one child after the other:
 *
 *   starting -> running (a {@link BoltLife}) -> ended: its tuples fail, its end is reported -> pause ->
 *   starting ...
 *
 * Threads: the executor gives tuples ({@link #execute}); one thread of ours starts the children, reads what
 * they say and answers; one for each child writes what that one may not. Whatever goes wrong with a child
 * ends that child and nothing else.
 */
public final class BoltTask {
    private final ChildSpec spec;
    private final Settings settings;
    private final OutputCollector collector;
    private final Services services;
    private final TaskIdsAhead taskIdsAhead;
    private final Flow flow;
    private final Restarts restarts = new Restarts(ThreadLocalRandom.current());
    private final Logger log;
    private final Object pause = new Object();
    private volatile Child child;
    private volatile boolean isClosed;

    private BoltTask(ChildSpec spec, OutputCollector collector) {
        this.spec = spec;
        this.settings = Settings.of(spec.conf());
        this.collector = collector;
        this.services = new Services(spec, this::reportError);
        this.taskIdsAhead = TaskIdsAhead.find(spec, settings, collector);
        this.flow = new Flow(settings.pendingTuplesMax());
        this.log = LoggerFactory.getLogger(spec.owner());
    }

    /** Starts the task; its first child is started meanwhile, and tuples wait for it. */
    public static BoltTask start(ChildSpec spec, OutputCollector collector) {
        BoltTask task = new BoltTask(spec, collector);
        Threads.start(spec, "reader", task::run);
        return task;
    }

    /** Blocks while too many tuples wait for the child; returns at once when the worker ends. */
    public void execute(Tuple tuple) {
        try {
            flow.put(tuple);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the worker ends: the tuple must stay unacked
        }
    }

    /** Ends the child, without waiting for its end. */
    public void close() {
        isClosed = true;
        flow.close();
        synchronized (pause) {
            pause.notifyAll();
        }
        Child last = child;
        if (last != null) {
            last.close();
        }
    }

    private void run() {
        while (!isClosed) {
            long startedMs = Signs.nowMs();
            Ended end = live();
            if (isClosed) {
                return;
            }
            long waitMs = restarts.ended(Signs.nowMs() - startedMs);
            String text = restarts.tell(end, waitMs);
            log.error("{}", text);
            reportError(new ChildEndedException(text));
            rest(waitMs);
        }
    }

    /** One life of a child. What it held has been failed when this returns. */
    private Ended live() {
        try {
            child = Child.start(spec);
        } catch (ChildFault e) {
            giveUp(flow.end());
            return new Ended(Child.named(spec, null) + " " + e.getMessage(), List.of());
        }
        if (isClosed) {
            child.close();
        }
        log.info("Launched subprocess with pid {}", child.getPid());
        BoltLife life = new BoltLife(child, new BoltLife.Parts(spec, settings, collector, services, flow, taskIdsAhead));
        Watchdog.watch(life);
        try {
            life.run();
        } finally {
            Watchdog.forget(life);
        }
        Ended end = child.awaitEnd();
        if (!isClosed) {
            giveUp(life.end());
        }
        return end;
    }

    private void giveUp(Iterable<Tuple> tuples) {
        synchronized (collector) {
            for (Tuple tuple : tuples) {
                collector.fail(tuple);
            }
            collector.flush();
        }
    }

    private void reportError(Throwable error) {
        synchronized (collector) {
            collector.reportError(error);
        }
    }

    private void rest(long ms) {
        long untilMs = Signs.nowMs() + ms;
        synchronized (pause) {
            try {
                for (long leftMs = ms; leftMs > 0 && !isClosed; leftMs = untilMs - Signs.nowMs()) {
                    pause.wait(leftMs);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
