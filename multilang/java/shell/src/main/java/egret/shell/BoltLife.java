package egret.shell;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.storm.multilang.BoltMsg;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.tuple.Tuple;

/**
 * What one child of a bolt has been given, and its conversation. Tuples are numbered from 1 on within the
 * life of a child; the number is the id that the child sees.
 *
 * Answers are written by the thread that reads, as long as the pipe is sure to take them: a thread less to
 * wake for each. Else, and for what comes while the child is silent, the writer does it, which may block.
 */
final class BoltLife implements Watchdog.Watched {
    /**
     * Bytes that a pipe takes without blocking, whatever of it has been read. Linux gives it 16 pages, but a
     * write that does not fit into what is left of the last page begins a new one: two neighbours are sure to
     * hold one page together.
     */
    private static final int PIPE_BYTES_SURE = 24 << 10;
    /** Digits of the longest id that a tuple may have. */
    private static final int ID_CHARS_MAX = 18;
    /** Bytes gathered before one write. */
    private static final int WRITE_BYTES_TARGET = 32 << 10;
    private static final long HEARTBEAT_EVERY_MS = 1000;
    /**
     * How long a writer may block on the pipe of a child that is gone, which another process may hold open,
     * before the task abandons it.
     */
    private static final long WRITER_END_MS = 1000;

    private final Child child;
    private final Parts parts;
    private final Emission emission;
    private final FlowWindow window;
    private final ConcurrentHashMap<String, Given> given = new ConcurrentHashMap<>();
    private final Queue<List<Integer>> replies = new ConcurrentLinkedQueue<>();
    private final ReentrantLock outLock = new ReentrantLock();
    private final BoltMsg message = new BoltMsg();
    private final BoltMsg marker = new BoltMsg();
    private long markers;
    /** The number of the newest tuple, and of the newest of those that were given up. */
    private long givenTo;
    private volatile long givenUpTo;
    private volatile boolean isMarkerDue;
    /** Bytes of its input that the child is known to have read. */
    private volatile long readBytes;
    private long lastHeartbeatMs = Signs.nowMs();
    // of the reader, since it last answered
    private long reached;
    private int markersAnswered;
    private int aheadUsed;
    private Thread writer;

    /** What a life shares with the others of its task. */
    record Parts(ChildSpec spec, Settings settings, OutputCollector collector, Services services, Flow flow,
            TaskIdsAhead taskIdsAhead) {
    }

    /**
     * A tuple that the child has neither acked nor failed yet, and where its message ends in the child's
     * input.
     */
    private record Given(Tuple tuple, long endBytes) {
    }

    BoltLife(Child child, Parts parts) {
        this.child = child;
        this.parts = parts;
        this.emission = new Emission(parts.spec.context());
        this.window = new FlowWindow(parts.settings.pendingTuplesMax());
        marker.setStream(ShellBolt.HEARTBEAT_STREAM_ID);
        marker.setTask(-1);
        marker.setTuple(List.of());
    }

    /** The conversation, to the child's end. */
    void run() {
        try {
            child.greet();
            parts.services.begin(child);
            if (parts.taskIdsAhead != null) {
                parts.taskIdsAhead.begin(replies);
            }
            parts.flow.begin(window); // before the writer, which ends when its window is not the flow's
            writer = Threads.start(parts.spec, "writer", this::write);
            answer();
            while (true) {
                handle(child.readShellMsg());
                if (!child.hasMessage()) {
                    batchEnded();
                }
            }
        } catch (IOException | RuntimeException | LinkageError e) {
            child.broken(e);
        }
    }

    /** The child is gone. Returns the tuples that it had, and those that waited for it. */
    Collection<Tuple> end() {
        List<Tuple> left = parts.flow.end();
        try {
            if (writer != null) {
                writer.interrupt();
                writer.join(WRITER_END_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<Tuple> all = new ArrayList<>(given.size() + left.size());
        given.values().forEach(tuple -> all.add(tuple.tuple));
        all.addAll(left);
        return all;
    }

    @Override
    public void look(long nowMs, boolean wasStalled) {
        if (Watchdog.hasEnded(child, parts.settings, nowMs, wasStalled)) {
            return;
        }
        long owesSinceMs = parts.flow.waitingSinceMs();
        if (owesSinceMs > 0) {
            if (nowMs - Math.max(owesSinceMs, child.signs().lastMs()) > parts.settings.silenceMsMax()) {
                child.fail(Faults.silent(parts.settings));
            }
        } else if (child.hasAnswered() && nowMs - lastHeartbeatMs >= HEARTBEAT_EVERY_MS) {
            lastHeartbeatMs = nowMs;
            parts.flow.idle();
            isMarkerDue = true;
            parts.flow.askWriter();
        }
    }

    private void handle(ShellMsg said) throws ChildFault {
        String command = said.getCommand();
        if (command == null) {
            throw new ChildFault("wrote a message with neither \"command\" nor \"pid\"");
        }
        switch (command) {
            case "emit" -> emit(said);
            case "ack" -> {
                Tuple tuple = taken(said, "acked");
                if (tuple != null) {
                    synchronized (parts.collector) {
                        parts.collector.ack(tuple);
                    }
                }
            }
            case "fail" -> {
                Tuple tuple = taken(said, "failed");
                if (tuple != null) {
                    synchronized (parts.collector) {
                        parts.collector.fail(tuple);
                    }
                }
            }
            case "sync" -> markersAnswered++;
            default -> parts.services.take(said); // Storm's bolts ignore commands that they do not know
        }
    }

    private void emit(ShellMsg said) throws ChildFault {
        String stream = emission.check(said);
        List<Tuple> anchors = anchors(said.getAnchors());
        boolean isDirect = said.getTask() != 0;
        boolean isAhead = parts.taskIdsAhead != null && !isDirect && said.areTaskIdsNeeded();
        List<Integer> taskIds = null;
        try {
            synchronized (parts.collector) {
                if (isDirect) {
                    parts.collector.emitDirect(Math.toIntExact(said.getTask()), stream, anchors, said.getTuple());
                } else if (isAhead) {
                    parts.taskIdsAhead.emit(parts.collector, stream, anchors, said.getTuple());
                } else {
                    taskIds = parts.collector.emit(stream, anchors, said.getTuple());
                }
            }
        } catch (RuntimeException e) {
            throw Emission.refused(e);
        }
        if (isAhead) {
            aheadUsed++;
        } else if (!isDirect && said.areTaskIdsNeeded()) {
            replies.add(taskIds == null ? List.of() : taskIds);
        }
    }

    private List<Tuple> anchors(List<String> ids) throws ChildFault {
        if (ids == null || ids.isEmpty()) {
            return List.of();
        }
        if (ids.size() == 1) {
            Given tuple = had(ids.get(0), "anchored an emit on");
            return tuple == null ? List.of() : List.of(tuple.tuple);
        }
        List<Tuple> anchors = new ArrayList<>(ids.size());
        for (String id : ids) {
            Given tuple = had(id, "anchored an emit on");
            if (tuple != null) {
                anchors.add(tuple.tuple);
            }
        }
        return anchors;
    }

    /** Null for a tuple that was given up. */
    private Given had(String id, String what) throws ChildFault {
        Given tuple = given.get(id);
        if (tuple == null) {
            if (id.length() <= ID_CHARS_MAX && id.matches("[0-9]+") && Long.parseLong(id) <= givenUpTo) {
                return null;
            }
            throw new ChildFault(what + " the tuple " + JsonWriter.textOf(id)
                    + ", which it does not have: it was acked or failed before, or never sent");
        }
        reached = Math.max(reached, Long.parseLong(id));
        readBytes = Math.max(readBytes, tuple.endBytes);
        return tuple;
    }

    private Tuple taken(ShellMsg said, String what) throws ChildFault {
        String id = said.getId() == null ? "" : said.getId().toString();
        Given tuple = had(id, what);
        given.remove(id);
        return tuple == null ? null : tuple.tuple;
    }

    /**
     * Called when all messages that had arrived are handled. The replies leave in one write, together with
     * tuples that the child has room for.
     */
    private void batchEnded() throws IOException {
        if (aheadUsed > 0) {
            parts.taskIdsAhead.renew(aheadUsed, replies);
            aheadUsed = 0;
        }
        if (reached > 0 || markersAnswered > 0) {
            readBytes = Math.max(readBytes, parts.flow.progress(reached, markersAnswered));
            reached = 0;
            markersAnswered = 0;
        }
        synchronized (parts.collector) {
            parts.collector.flush();
        }
        answer();
    }

    /** From the reader, which must never block: a child that is not read may not read either. */
    private void answer() throws IOException {
        if (replies.isEmpty() && !parts.flow.hasWork()) {
            return;
        }
        boolean isLeft = true;
        if (outLock.tryLock()) {
            try {
                gather(PIPE_BYTES_SURE / 2);
                if (child.out().position() - readBytes <= PIPE_BYTES_SURE) {
                    child.out().push();
                    isLeft = parts.flow.hasWork();
                }
            } finally {
                outLock.unlock();
            }
        }
        if (isLeft) {
            parts.flow.askWriter();
        }
    }

    private void write() {
        try {
            while (parts.flow.awaitWork(window)) {
                outLock.lockInterruptibly();
                try {
                    do {
                        gather(Long.MAX_VALUE);
                        child.out().push();
                    } while (!replies.isEmpty() || parts.flow.hasWork());
                } finally {
                    outLock.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the child is gone
        } catch (IOException | RuntimeException | LinkageError e) {
            child.broken(e);
        }
    }

    /** Writes what may be written, up to a size, while the child has no more than so many bytes to read. */
    private void gather(long unreadBytesMax) throws IOException {
        PipeOut out = child.out();
        for (List<Integer> reply = replies.poll(); reply != null; reply = replies.poll()) {
            child.serializer.writeTaskIds(reply);
        }
        while (out.gathered() < WRITE_BYTES_TARGET && out.position() - readBytes < unreadBytesMax) {
            Tuple tuple = parts.flow.poll(window);
            if (tuple == null) {
                break;
            }
            give(tuple);
        }
        if (isMarkerDue || parts.flow.isStalled(window)) {
            isMarkerDue = false;
            mark();
        }
    }

    private void give(Tuple tuple) throws IOException {
        PipeOut out = child.out();
        String id = Long.toString(parts.flow.nextNumber());
        message.setId(id);
        message.setComp(tuple.getSourceComponent());
        message.setStream(tuple.getSourceStreamId());
        message.setTask(tuple.getSourceTask());
        message.setTuple(tuple.getValues());
        int before = out.gathered();
        try {
            child.serializer.writeBoltMsg(message);
        } catch (RuntimeException e) {
            out.rollBack(before);
            refuse(tuple, e);
            return;
        }
        given.put(id, new Given(tuple, out.position()));
        givenTo++;
        if (givenTo - givenUpTo > parts.settings.heldTuplesMax() && given.mappingCount() > parts.settings.heldTuplesMax()) {
            giveUpOldest();
        }
        if (parts.flow.wrote()) {
            mark();
        }
    }

    /** A child that never acks must not fill the memory: its oldest tuple is failed. */
    private void giveUpOldest() {
        boolean isFirst = givenUpTo == 0;
        Given oldest = null;
        while (oldest == null && givenUpTo < givenTo) {
            givenUpTo++;
            oldest = given.remove(Long.toString(givenUpTo));
        }
        synchronized (parts.collector) {
            if (oldest != null) {
                parts.collector.fail(oldest.tuple);
            }
            if (isFirst) {
                parts.collector.reportError(new ChildEndedException(parts.spec.who() + " holds more than "
                        + parts.settings.heldTuplesMax() + " tuples that it has neither acked nor failed "
                        + "(egret.shell.pending.max.tuples): the oldest are failed. Does it ack what it is done with?"));
            }
        }
    }

    private void mark() throws IOException {
        markers++;
        marker.setId("-" + markers); // no tuple's
        child.serializer.writeBoltMsg(marker);
        parts.flow.markerWritten(child.out().position());
    }

    /** Fails a tuple that cannot be written as a message. The child never receives it. */
    private void refuse(Tuple tuple, RuntimeException why) {
        String text = "component " + parts.spec.componentId() + " is a shell component and was sent " + why.getMessage()
                + ": emit a plain value (string, number, list, map) in its place, or read it by a Java component";
        synchronized (parts.collector) {
            parts.collector.fail(tuple);
            parts.collector.reportError(why instanceof UnsayableValueException ? new ChildEndedException(text) : why);
        }
    }
}
