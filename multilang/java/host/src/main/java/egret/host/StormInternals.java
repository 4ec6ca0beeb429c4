package egret.host;

import java.lang.reflect.Field;
import java.util.Map;
import org.apache.storm.daemon.worker.WorkerState.ILocalTransferCallback;
import org.apache.storm.messaging.IConnectionCallback;
import org.apache.storm.task.GeneralTopologyContext;
import org.slf4j.LoggerFactory;

/**
 * What Storm gives only to the callback that reads received tuples (DeserializingConnectionCallback 2.8): the
 * worker's topology context, and the way to its queues. Null when that class is not as expected.
 */
record StormInternals(GeneralTopologyContext context, ILocalTransferCallback queues, Map<String, Object> conf) {
    static StormInternals of(IConnectionCallback callback) {
        try {
            @SuppressWarnings("unchecked")
            Map<String, Object> conf = (Map<String, Object>) read(callback, "conf");
            return new StormInternals((GeneralTopologyContext) read(callback, "context"),
                    (ILocalTransferCallback) read(callback, "cb"), conf);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LoggerFactory.getLogger(StormInternals.class).warn("Tuples go through Storm's own callback", e);
            return null;
        }
    }

    private static Object read(Object object, String name) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(object);
    }
}
