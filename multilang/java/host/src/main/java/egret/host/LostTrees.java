package egret.host;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.apache.storm.daemon.Acker;
import org.apache.storm.daemon.worker.Worker;
import org.apache.storm.executor.ExecutorShutdown;
import org.apache.storm.executor.IRunningExecutor;
import org.apache.storm.executor.TupleInfo;
import org.apache.storm.executor.spout.SpoutExecutor;
import org.apache.storm.task.GeneralTopologyContext;
import org.apache.storm.tuple.AddressedTuple;
import org.apache.storm.tuple.TupleImpl;
import org.apache.storm.tuple.Values;
import org.apache.storm.utils.RotatingMap;
import org.apache.storm.utils.TupleUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the spouts of this worker make of the loss of tasks elsewhere, by the rule of SpoutLosses
 * (src/container/task-hosts/shell/spout-losses.ts): trees that a lost acker followed fail at once; those that
 * may have had a tuple in a lost task fail when, for the length of a grace, none of them has completed.
 *
 * The pending trees are a field of Storm's SpoutExecutor (2.8) that only its own thread may touch. To be on
 * that thread a {@link Probe} goes through the executor's queue: a tuple of the stream that resets timeouts,
 * which looks at the trees when Storm asks for its root. A tree fails as by an acker: `__ack_fail` for its
 * root. Without the fields, in another version of Storm, trees wait for their timeouts.
 */
final class LostTrees {
    private static final Logger LOG = LoggerFactory.getLogger(LostTrees.class);

    private final Worker worker;
    private final StormInternals storm;
    private final GeneralTopologyContext context;
    private final long graceMs;
    private final List<Integer> ackers;
    private final ScheduledThreadPoolExecutor timer;
    /** The newest watch of each executor: an earlier one's trees are in it as well. */
    private final Map<SpoutExecutor, Watch> watches = new HashMap<>();
    private boolean isBlind;

    LostTrees(Worker worker, StormInternals storm, long graceMs) {
        this.worker = worker;
        this.storm = storm;
        this.context = storm.context();
        this.graceMs = graceMs;
        this.ackers = context.getComponentTasks(Acker.ACKER_COMPONENT_ID);
        timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "egret-lost-trees");
            thread.setDaemon(true);
            return thread;
        });
        timer.setKeepAliveTime(10, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
    }

    /** `lost` and `spouts` as a LossReport has them (src/container/links/protocol.ts). */
    synchronized void lost(Set<Integer> lost, Set<Integer> spouts) {
        if (isBlind || ackers.isEmpty()) {
            return;
        }
        try {
            for (IRunningExecutor running : runningExecutors()) {
                if (read(running, ExecutorShutdown.class, "executor") instanceof SpoutExecutor executor) {
                    // All of an executor's tasks are of one component.
                    int task = running.getExecutorId().get(0).intValue();
                    probe(task, () -> look(executor, task, lost, spouts.contains(task)));
                }
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            blind(e);
        }
    }

    @SuppressWarnings("unchecked")
    private List<IRunningExecutor> runningExecutors() throws ReflectiveOperationException {
        List<IRunningExecutor> executors =
                ((AtomicReference<List<IRunningExecutor>>) read(worker, Worker.class, "executorsAtom")).get();
        return executors == null ? List.of() : executors;
    }

    /** On the executor's thread. */
    private void look(SpoutExecutor executor, int task, Set<Integer> lost, boolean isAbove) {
        Map<Long, Integer> dead = new HashMap<>();
        Map<Long, Integer> doubtful = new HashMap<>();
        eachPending(executor, (root, spout) -> {
            if (lost.contains(ackerOf(root))) {
                dead.put(root, spout);
            } else if (isAbove) {
                doubtful.put(root, spout);
            }
        });
        fail(dead);
        if (graceMs > 0 && !doubtful.isEmpty()) {
            watch(executor, new Watch(task, doubtful));
        }
    }

    private record Watch(int task, Map<Long, Integer> trees) {
    }

    private synchronized void watch(SpoutExecutor executor, Watch watch) {
        watches.put(executor, watch);
        timer.schedule(() -> probe(watch.task(), () -> lookAgain(executor, watch)), graceMs, TimeUnit.MILLISECONDS);
    }

    /** On the executor's thread. */
    private void lookAgain(SpoutExecutor executor, Watch watch) {
        synchronized (this) {
            if (!watches.remove(executor, watch)) {
                return;
            }
        }
        Map<Long, Integer> left = new HashMap<>();
        eachPending(executor, (root, spout) -> {
            if (watch.trees().containsKey(root)) {
                left.put(root, spout);
            }
        });
        if (left.size() == watch.trees().size()) {
            fail(left);
        } else if (!left.isEmpty()) {
            watch(executor, new Watch(watch.task(), left));
        }
    }

    /** The acker that Storm's fields grouping chooses (GrouperFactory.FieldsGrouper 2.8). */
    private int ackerOf(long root) {
        return ackers.get(TupleUtils.chooseTaskIndex(List.of(root), ackers.size()));
    }

    /** A root that has ended meanwhile is no longer pending, and nothing happens. */
    private void fail(Map<Long, Integer> trees) {
        if (trees.isEmpty()) {
            return;
        }
        LOG.info("{} trees that lost a part of theirs fail", trees.size());
        ArrayList<AddressedTuple> news = new ArrayList<>(trees.size());
        trees.forEach((root, spout) -> news.add(new AddressedTuple(spout, new TupleImpl(context,
                new Values(root, 0L), Acker.ACKER_COMPONENT_ID, ackerOf(root), Acker.ACKER_FAIL_STREAM_ID))));
        storm.queues().transfer(news);
    }

    private void probe(int task, Runnable look) {
        ArrayList<AddressedTuple> one = new ArrayList<>(1);
        one.add(new AddressedTuple(task, new Probe(context, ackers.get(0), look)));
        storm.queues().transfer(one);
    }

    @SuppressWarnings("unchecked")
    private void eachPending(SpoutExecutor executor, BiConsumer<Long, Integer> found) {
        try {
            Object pending = read(executor, SpoutExecutor.class, "pending");
            if (pending == null) {
                return; // it has not opened its spout yet
            }
            var buckets = (LinkedList<HashMap<Long, TupleInfo>>) read(pending, RotatingMap.class, "buckets");
            for (HashMap<Long, TupleInfo> bucket : buckets) {
                bucket.forEach((root, info) -> found.accept(root, info.getTaskId()));
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            blind(e);
        }
    }

    private synchronized void blind(Exception e) {
        isBlind = true;
        LOG.warn("Trees that lost a tuple will wait for their timeout", e);
    }

    private static Object read(Object object, Class<?> declarer, String name) throws ReflectiveOperationException {
        Field field = declarer.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }

    /** Looks when Storm asks for its root, and then has none: no tree is of that name. */
    private static final class Probe extends TupleImpl {
        private final Runnable look;

        Probe(GeneralTopologyContext context, int acker, Runnable look) {
            super(context, new Values(0L, 0L), Acker.ACKER_COMPONENT_ID, acker, Acker.ACKER_RESET_TIMEOUT_STREAM_ID);
            this.look = look;
        }

        @Override
        public Object getValue(int i) {
            look.run();
            return null;
        }
    }
}
