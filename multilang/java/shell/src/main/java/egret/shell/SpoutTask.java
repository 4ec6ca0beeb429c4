package egret.shell;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.multilang.SpoutMsg;
import org.apache.storm.spout.SpoutOutputCollector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task of a ShellSpout, with one child after the other. It runs in lock-step on the executor's thread: a
 * command, the child's messages, `sync`, the next command. Another thread starts the children. Until one is
 * ready, commands do nothing, so that the executor is not blocked:
 *
 *   none -(pause over)-> starting -(handshake)-> ready -(its end)-> none
 *
 * Trees that were open when a child died are forgotten: their ids mean nothing to the next child, so it is
 * not notified how they end. A spout that must not lose tuples replays from its source.
 */
public final class SpoutTask implements Watchdog.Watched {
    private final ChildSpec spec;
    private final Settings settings;
    private final SpoutOutputCollector collector;
    private final Services services;
    private final TaskIdsAhead taskIdsAhead;
    private final Emission emission;
    private final Restarts restarts = new Restarts(ThreadLocalRandom.current());
    private final ArrayDeque<List<Integer>> replies = new ArrayDeque<>();
    private final ArrayDeque<Outcome> outcomes = new ArrayDeque<>();
    private final SpoutMsg message = new SpoutMsg();
    private final Logger log;
    /** The child that takes commands; null while there is none. Set by the executor's thread. */
    private volatile Child child;
    private volatile Start start;
    /** Since when the child owes `sync`; 0 when it owes nothing. */
    private volatile long busySinceMs;
    private volatile Thread waiting;
    private volatile boolean isClosed;
    private long startAtMs;
    private long life;
    private boolean isActive;

    /** The start of a child, on a thread of its own. */
    private final class Start implements Runnable {
        private volatile Child starting;
        private volatile Throwable failure;
        private volatile boolean isDone;

        @Override
        public void run() {
            try {
                starting = Child.start(spec);
                if (isClosed) {
                    starting.close();
                }
                log.info("Launched subprocess with pid {}", starting.getPid());
                starting.greet();
            } catch (IOException | RuntimeException | LinkageError e) {
                failure = e;
                if (starting != null) {
                    starting.broken(e);
                }
            }
            isDone = true;
        }
    }

    /** A message id of a child that is not the task's first: no other child may take it for its own. */
    private record IdOfLife(long life, Object id) {
    }

    /** An ack or fail of a tree that is still to be sent to the child. */
    private record Outcome(String what, Object id) {
    }

    private SpoutTask(ChildSpec spec, SpoutOutputCollector collector) {
        this.spec = spec;
        this.settings = Settings.of(spec.conf());
        this.collector = collector;
        this.services = new Services(spec, collector::reportError);
        this.taskIdsAhead = TaskIdsAhead.find(spec, settings, collector);
        this.emission = new Emission(spec.context());
        this.log = LoggerFactory.getLogger(spec.owner());
    }

    /** Starts the task; its first child is started meanwhile. */
    public static SpoutTask start(ChildSpec spec, SpoutOutputCollector collector) {
        SpoutTask task = new SpoutTask(spec, collector);
        Watchdog.watch(task);
        task.begin();
        return task;
    }

    public void next() {
        if (child != null || isReady()) {
            command("next", "");
        }
    }

    public void ack(Object id) {
        outcome("ack", id);
    }

    public void fail(Object id) {
        outcome("fail", id);
    }

    /** Activates the child. If none is ready yet, it receives the command once it is. */
    public void activate() {
        isActive = true;
        if (child == null) {
            isReady();
        } else {
            command("activate", "");
        }
    }

    public void deactivate() {
        isActive = false;
        if (child != null) {
            command("deactivate", "");
        }
    }

    /** Ends the child, without waiting for its end. */
    public void close() {
        isClosed = true;
        Watchdog.forget(this);
        Start begun = start;
        Child last = child != null || begun == null ? child : begun.starting;
        if (last != null) {
            last.close();
        }
    }

    @Override
    public void look(long nowMs, boolean wasStalled) {
        Start begun = start;
        Child starting = begun == null ? null : begun.starting;
        if (starting != null) {
            Watchdog.hasEnded(starting, settings, nowMs, wasStalled);
        }
        Child busy = child;
        if (busy != null && Watchdog.hasEnded(busy, settings, nowMs, wasStalled)) {
            return;
        }
        long sinceMs = busySinceMs;
        if (busy == null || sinceMs == 0) {
            return;
        }
        Thread executor = waiting;
        if (executor != null && executor.isInterrupted()) {
            busy.close(); // the worker ends, and its executor is to see it
        } else if (nowMs - Math.max(sinceMs, busy.signs().lastMs()) > settings.silenceMsMax()) {
            busy.fail(Faults.silent(settings));
        }
    }

    private void outcome(String what, Object id) {
        boolean isOfThisLife = child != null && (id instanceof IdOfLife of ? of.life == life : life == 1);
        if (!isOfThisLife) {
            return; // a child that is no more emitted it
        }
        Outcome outcome = new Outcome(what, id instanceof IdOfLife of ? of.id : id);
        if (busySinceMs != 0) {
            // Without ackers, Storm acks within the emit, while the child still answers.
            outcomes.addLast(outcome);
        } else {
            command(outcome.what, outcome.id);
        }
    }

    private void command(String what, Object id) {
        oneCommand(what, id);
        for (Outcome next = outcomes.pollFirst(); next != null && child != null; next = outcomes.pollFirst()) {
            oneCommand(next.what, next.id);
        }
    }

    private void oneCommand(String what, Object id) {
        Child busy = child;
        waiting = Thread.currentThread();
        busySinceMs = Signs.nowMs();
        try {
            message.setCommand(what);
            message.setId(id);
            busy.serializer.writeSpoutMsg(message);
            flushReplies(busy);
            converse(busy);
        } catch (IOException | RuntimeException | LinkageError e) {
            busy.broken(e);
            ended(busy.awaitEnd(), busy.livedMs());
        } finally {
            busySinceMs = 0;
            waiting = null;
        }
    }

    /** To the end of what the child says to a command. */
    private void converse(Child busy) throws IOException {
        while (true) {
            ShellMsg said = busy.readShellMsg();
            String name = said.getCommand();
            if (name == null) {
                throw new ChildFault("wrote a message with neither \"command\" nor \"pid\"");
            }
            if (name.equals("sync")) {
                flushReplies(busy);
                return;
            }
            if (name.equals("emit")) {
                emit(said);
            } else if (!services.take(said)) {
                throw new ChildFault("sent the command " + JsonWriter.textOf(name) + ", which a spout does not have");
            }
            if (!busy.hasMessage()) {
                flushReplies(busy);
            }
        }
    }

    private void emit(ShellMsg said) throws ChildFault {
        String stream = emission.check(said);
        Object id = said.getId() == null || life == 1 ? said.getId() : new IdOfLife(life, said.getId());
        try {
            if (said.getTask() != 0) {
                collector.emitDirect(Math.toIntExact(said.getTask()), stream, said.getTuple(), id);
                return;
            }
            boolean isAhead = taskIdsAhead != null && said.areTaskIdsNeeded();
            List<Integer> taskIds = isAhead ? taskIdsAhead.emit(collector, stream, said.getTuple(), id)
                    : collector.emit(stream, said.getTuple(), id);
            if (isAhead) {
                taskIdsAhead.renew(1, replies);
            } else if (said.areTaskIdsNeeded()) {
                replies.add(taskIds == null ? List.of() : taskIds);
            }
        } catch (RuntimeException e) {
            throw Emission.refused(e);
        }
    }

    private void flushReplies(Child to) throws IOException {
        for (List<Integer> reply = replies.poll(); reply != null; reply = replies.poll()) {
            to.serializer.writeTaskIds(reply);
        }
        to.out().push();
    }

    /** Sees to it that there is a child, and whether it takes commands. */
    private boolean isReady() {
        if (start == null) {
            if (Signs.nowMs() >= startAtMs) {
                begin();
            }
            return false;
        }
        Start done = start;
        if (!done.isDone) {
            return false;
        }
        start = null;
        if (done.failure != null) {
            ended(done.starting == null ? new Ended(Child.named(spec, null) + " " + done.failure.getMessage(), List.of())
                    : done.starting.awaitEnd(), done.starting == null ? 0 : done.starting.livedMs());
            return false;
        }
        return met(done.starting);
    }

    /** A child has answered the handshake. False when it is no more already. */
    private boolean met(Child newcomer) {
        life++;
        child = newcomer;
        services.begin(newcomer);
        replies.clear();
        outcomes.clear();
        if (taskIdsAhead != null) {
            taskIdsAhead.begin(replies);
        }
        if (isActive) {
            command("activate", "");
        }
        return child != null;
    }

    private void begin() {
        if (!isClosed) {
            start = new Start();
            Threads.start(spec, "start", start);
        }
    }

    private void ended(Ended end, long livedMs) {
        child = null;
        if (isClosed) {
            return;
        }
        long waitMs = restarts.ended(livedMs);
        startAtMs = Signs.nowMs() + waitMs;
        String text = restarts.tell(end, waitMs);
        log.error("{}", text);
        collector.reportError(new ChildEndedException(text));
    }
}
