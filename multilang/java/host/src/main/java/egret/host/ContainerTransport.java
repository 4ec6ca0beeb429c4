package egret.host;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.apache.storm.grouping.Load;
import org.apache.storm.messaging.ConnectionWithStatus;
import org.apache.storm.messaging.IConnection;
import org.apache.storm.messaging.IConnectionCallback;
import org.apache.storm.messaging.IContext;
import org.apache.storm.messaging.TaskMessage;
import org.apache.storm.messaging.netty.BackPressureStatus;

/**
 * Storm's messaging over the one connection to the stream manager, which routes by task: whatever worker
 * Storm believes a task in, its tuples go the same way. Back pressure and loads travel as control messages.
 */
final class ContainerTransport implements IContext {
    private static final int BIND_WAIT_SECS = 60;

    private final Link link;
    private final String reporter;
    private final IntPredicate isOwnTask;
    private final Receiver.Faults faults;
    private final FrameBatch outgoing;
    private final CountDownLatch isBound = new CountDownLatch(1);
    private volatile Receiver receiver;
    private volatile StormInternals storm;
    private volatile boolean isReady;
    private final Map<Integer, Load> loads = new ConcurrentHashMap<>();
    /** Tasks under pressure by reporter, and Storm's flags for them by task id. Both guarded by this. */
    private final Map<String, Set<Integer>> pressure = new HashMap<>();
    private AtomicBoolean[] pressureFlags;

    /** `reporter` names this worker in its pressure reports. */
    ContainerTransport(Link link, String reporter, IntPredicate isOwnTask, Receiver.Faults faults) {
        this.link = link;
        this.reporter = reporter;
        this.isOwnTask = isOwnTask;
        this.faults = faults;
        this.outgoing = new FrameBatch(link);
    }

    /** Null until the worker listens, and where Storm is not as expected. */
    StormInternals storm() {
        return storm;
    }

    /** Every container is there: Storm may start its components. */
    void setReady() {
        isReady = true;
    }

    /** A frame that comes before Storm listens waits for it. */
    void dataFrame(byte[] bytes, int start, int end) throws ProtocolException {
        if (receiver == null) {
            awaitBound();
        }
        receiver.dataFrame(bytes, start, end);
    }

    void endOfRead() {
        if (receiver != null) {
            receiver.endOfRead();
        }
    }

    private void awaitBound() throws ProtocolException {
        try {
            if (!isBound.await(BIND_WAIT_SECS, TimeUnit.SECONDS)) {
                throw new ProtocolException("tuples arrived, but the worker did not listen within " + BIND_WAIT_SECS + " s");
            }
        } catch (InterruptedException e) {
            throw new ProtocolException("interrupted while tuples waited for the worker to listen");
        }
    }

    void loadsReported(Map<String, Object> message) {
        for (Object pair : Json.list(message, "loads")) {
            List<?> taskAndLoad = (List<?>) pair;
            int task = ((Number) taskAndLoad.get(0)).intValue();
            loads.put(task, new Load(true, ((Number) taskAndLoad.get(1)).doubleValue(), 0));
        }
    }

    synchronized void pressureReported(Map<String, Object> message) {
        Set<Integer> tasks = new HashSet<>();
        for (Object task : Json.list(message, "tasks")) {
            tasks.add(((Number) task).intValue());
        }
        if (tasks.isEmpty()) {
            pressure.remove(Json.string(message, "reporter"));
        } else {
            pressure.put(Json.string(message, "reporter"), tasks);
        }
        applyPressure();
    }

    /** A task is under pressure while any reporter says so. */
    private void applyPressure() {
        if (pressureFlags == null) {
            return;
        }
        for (int task = 0; task < pressureFlags.length; task++) {
            boolean isUnderPressure = false;
            for (Set<Integer> tasks : pressure.values()) {
                isUnderPressure |= tasks.contains(task);
            }
            if (pressureFlags[task] != null && pressureFlags[task].get() != isUnderPressure) {
                pressureFlags[task].set(isUnderPressure);
            }
        }
    }

    @Override
    public void prepare(Map<String, Object> conf) {
    }

    @Override
    public void term() {
    }

    @Override
    public IConnection bind(String topologyId, int port, IConnectionCallback callback, Supplier<Object> greeting) {
        receiver = receiverFor(callback);
        isBound.countDown();
        return new Connection(port);
    }

    private Receiver receiverFor(IConnectionCallback callback) {
        StormInternals storm = StormInternals.of(callback);
        this.storm = storm;
        if (storm != null) {
            TupleRecord.setContext(storm::context);
            if (!Boolean.TRUE.equals(storm.conf().get("topology.serialized.message.size.metrics"))) {
                return new TupleReceiver(storm, isOwnTask, faults);
            }
        }
        return new MessageReceiver(callback, faults);
    }

    @Override
    public synchronized IConnection connect(String topologyId, String host, int port, AtomicBoolean[] remoteBpStatus) {
        pressureFlags = remoteBpStatus;
        applyPressure();
        return new Connection(port);
    }

    private final class Connection extends ConnectionWithStatus {
        private final int port;

        Connection(int port) {
            this.port = port;
        }

        @Override
        public Status status() {
            return isReady ? Status.Ready : Status.Connecting;
        }

        /** Called by Storm's transfer thread only. */
        @Override
        public void send(Iterator<TaskMessage> messages) {
            synchronized (outgoing) {
                outgoing.send(messages);
            }
        }

        @Override
        public void sendLoadMetrics(Map<Integer, Double> taskToLoad) {
            Map<String, Object> message = new LinkedHashMap<>();
            message.put("type", "loads");
            message.put("loads", taskToLoad.entrySet().stream()
                    .filter(e -> e.getKey() > 0)
                    .map(e -> List.of(e.getKey(), e.getValue())).toList());
            link.sendLatest("loads", Json.write(message));
        }

        @Override
        public void sendBackPressureStatus(BackPressureStatus status) {
            Map<String, Object> message = new LinkedHashMap<>();
            message.put("type", "pressure");
            message.put("reporter", reporter);
            message.put("tasks", List.copyOf(status.bpTasks));
            link.sendLatest("pressure", Json.write(message));
        }

        /** What is known; Storm takes a task without load for fully loaded (LoadMapping 2.8). */
        @Override
        public Map<Integer, Load> getLoad(Collection<Integer> tasks) {
            Map<Integer, Load> known = new HashMap<>();
            for (Integer task : tasks) {
                Load load = loads.get(task);
                if (load != null) {
                    known.put(task, load);
                }
            }
            return known;
        }

        @Override
        public int getPort() {
            return port;
        }

        /** The link belongs to the host and outlives the worker. */
        @Override
        public void close() {
        }
    }
}
