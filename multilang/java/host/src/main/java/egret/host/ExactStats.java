package egret.host;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.apache.storm.Config;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.daemon.Task;
import org.apache.storm.daemon.worker.Worker;
import org.apache.storm.daemon.worker.WorkerState;
import org.apache.storm.executor.Executor;
import org.apache.storm.executor.ExecutorShutdown;
import org.apache.storm.executor.IRunningExecutor;
import org.apache.storm.executor.bolt.BoltExecutor;
import org.apache.storm.executor.spout.SpoutExecutor;
import org.apache.storm.stats.BoltExecutorStats;
import org.apache.storm.utils.ObjectReader;
import org.apache.storm.utils.Utils;
import org.slf4j.LoggerFactory;

/**
 * Exact counts of a hosted worker's executors. Storm counts one event in twenty and multiplies
 * (topology.stats.sample.rate); with a rate of 1 a tuple costs fifteen times as much, for the capacity is
 * worked out at every one. So a hook counts, and the capacity is worked out once a second. Hooks do not learn
 * which stream a tree of a spout began on: spouts of several streams have every tree sampled. Where Storm's
 * classes (2.8) are not as expected, its sampled statistics remain.
 */
final class ExactStats {
    private static final BooleanSupplier ALWAYS = () -> true;

    private final Map<List<Integer>, ExecutorCounts> byExecutor;

    private ExactStats(Map<List<Integer>, ExecutorCounts> byExecutor) {
        this.byExecutor = byExecutor;
    }

    static ExactStats none() {
        return new ExactStats(Map.of());
    }

    /**
     * Makes executors that are not there yet wait for one count-down more than Storm's, so that none of them
     * begins before it is counted. To be called while the worker loads, after its state and before its
     * executors were made.
     */
    static void hold(Worker worker) {
        try {
            Object state = read(Worker.class, worker, "workerState");
            write(WorkerState.class, state, "isWorkerActive", new CountDownLatch(2));
        } catch (ReflectiveOperationException | RuntimeException e) {
            LoggerFactory.getLogger(ExactStats.class).warn("Executors may begin before they are counted", e);
        }
    }

    /**
     * Counts the executors of a worker that has been loaded. `componentOf` returns null for executors whose
     * counts are not reported.
     */
    static ExactStats of(Worker worker, IntFunction<String> componentOf) {
        Map<List<Integer>, ExecutorCounts> counted = new HashMap<>();
        try {
            AtomicReference<?> running = (AtomicReference<?>) read(Worker.class, worker, "executorsAtom");
            for (Object each : (List<?>) running.get()) {
                Executor executor = (Executor) read(ExecutorShutdown.class, each, "executor");
                List<Long> id = ((IRunningExecutor) each).getExecutorId();
                String component = componentOf.apply(id.get(0).intValue());
                if (component != null) {
                    List<Integer> key = List.of(id.get(0).intValue(), id.get(1).intValue());
                    counted.put(key, count(executor, key, component));
                }
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            LoggerFactory.getLogger(ExactStats.class).warn("Counts are sampled as by Storm", e);
        }
        return new ExactStats(counted);
    }

    private static ExecutorCounts count(Executor executor, List<Integer> id, String component)
            throws ReflectiveOperationException {
        boolean isSpout = executor instanceof SpoutExecutor;
        ExecutorCounts counts = new ExecutorCounts(id, component, isSpout);
        List<Task> tasks = new ArrayList<>();
        for (Object task : (List<?>) read(Executor.class, executor, "idToTask")) {
            if (task != null) {
                tasks.add((Task) task);
            }
        }
        if (isSpout) {
            countSpout((SpoutExecutor) executor, tasks, counts);
        } else {
            countBolt((BoltExecutor) executor, tasks, counts);
        }
        return counts;
    }

    private static void countBolt(BoltExecutor executor, List<Task> tasks, ExecutorCounts counts)
            throws ReflectiveOperationException {
        BoltExecutorStats sampled = executor.getStats();
        FrugalBoltStats stats = new FrugalBoltStats(sampled.getRate(),
                ObjectReader.getInt(executor.getTopoConf().get(Config.NUM_STAT_BUCKETS)));
        sampled.cleanupStats();
        write(BoltExecutor.class, executor, "stats", stats);
        for (Task task : tasks) {
            write(Task.class, task, "executorStats", stats);
            task.getUserContext().addTaskHook(CountingHook.of(counts));
        }
    }

    private static void countSpout(SpoutExecutor executor, List<Task> tasks, ExecutorCounts counts)
            throws ReflectiveOperationException {
        List<String> streams = tasks.get(0).getUserContext().getThisStreams().stream()
                .filter(stream -> !Utils.isSystemId(stream)).toList();
        if (!StormCommon.hasAckers(executor.getTopoConf())) {
            // acked at once, which Storm does not count either
            tasks.forEach(task -> task.getUserContext().addTaskHook(CountingHook.of(counts)));
            return;
        }
        if (streams.size() == 1) {
            tasks.forEach(task -> task.getUserContext().addTaskHook(CountingHook.ofSpout(counts, streams.get(0))));
            return;
        }
        for (Task task : tasks) {
            write(Task.class, task, "taskMetrics", new SampledTaskMetrics(executor.getWorkerTopologyContext(),
                    executor.getComponentId(), task.getTaskId(), executor.getWorkerData().getMetricRegistry(),
                    executor.getTopoConf()));
            task.getUserContext().addTaskHook(CountingHook.of(counts));
        }
        write(SpoutExecutor.class, executor, "stats", new CountingSpoutStats(counts));
        write(Executor.class, executor, "sampler", ALWAYS);
    }

    boolean has(int firstTask, int lastTask) {
        return byExecutor.containsKey(List.of(firstTask, lastTask));
    }

    List<Object> totals() {
        List<Object> totals = new ArrayList<>();
        byExecutor.values().forEach(counts -> totals.add(counts.totals()));
        return totals;
    }

    private static Object read(Class<?> owner, Object object, String name) throws ReflectiveOperationException {
        Field field = owner.getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }

    private static void write(Class<?> owner, Object object, String name, Object value)
            throws ReflectiveOperationException {
        Field field = owner.getDeclaredField(name);
        field.setAccessible(true);
        field.set(object, value);
    }
}
