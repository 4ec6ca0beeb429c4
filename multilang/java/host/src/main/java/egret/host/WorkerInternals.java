package egret.host;

import java.lang.reflect.Field;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.apache.storm.daemon.worker.Worker;
import org.apache.storm.daemon.worker.WorkerState;
import org.slf4j.LoggerFactory;

/**
 * Makes a hosted worker do at once what Storm's worker does on timers (Worker and StormTimer 2.8). If the
 * private field that this needs is missing, the worker waits for its timers.
 */
final class WorkerInternals {
    private WorkerInternals() {
    }

    /**
     * Lets the executors of a worker that has started begin. Its timer, idle until then, sleeps a second
     * before it looks whether connections are ready; a hosted worker is only started once they are.
     */
    static void activate(Worker worker) {
        with(worker, state -> {
            // The latch has a count of two where ExactStats holds the executors back.
            CountDownLatch latch = state.getIsWorkerActive();
            while (latch.getCount() > 0) {
                latch.countDown();
            }
        });
    }

    /**
     * Asks the supervisor for the assignment and connects to the new places of tasks, as Storm does every
     * task.refresh.poll.secs.
     */
    static void refreshConnections(Worker worker) {
        with(worker, WorkerState::refreshConnections);
    }

    private static void with(Worker worker, Consumer<WorkerState> action) {
        try {
            Field field = Worker.class.getDeclaredField("workerState");
            field.setAccessible(true);
            WorkerState state = (WorkerState) field.get(worker);
            if (state != null) {
                action.accept(state);
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            LoggerFactory.getLogger(WorkerInternals.class).warn("The worker follows later, by its own timers", e);
        }
    }
}
