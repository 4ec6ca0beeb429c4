package egret.host;

import java.lang.reflect.Field;
import org.apache.storm.daemon.worker.Worker;
import org.apache.storm.daemon.worker.WorkerState;
import org.slf4j.LoggerFactory;

/**
 * Lets a worker's executors begin as soon as it has started. Storm's worker looks whether its connections are ready on a
 * timer that, idle until then, sleeps a second first (StormTimer 2.8). A hosted worker is only started once they are.
 */
final class WorkerActivation {
    private WorkerActivation() {
    }

    /** Without the field the worker begins all the same, within that second. */
    static void now(Worker worker) {
        try {
            Field field = Worker.class.getDeclaredField("workerState");
            field.setAccessible(true);
            ((WorkerState) field.get(worker)).getIsWorkerActive().countDown();
        } catch (ReflectiveOperationException | RuntimeException e) {
            LoggerFactory.getLogger(WorkerActivation.class).warn("The worker begins a second later", e);
        }
    }
}
