package egret.host;

import java.lang.reflect.Field;
import org.apache.storm.messaging.IConnectionCallback;
import org.apache.storm.task.GeneralTopologyContext;
import org.slf4j.LoggerFactory;

/** Finds the worker's topology context for tuples that arrive inside tuples. */
final class TopologyContexts {
    private TopologyContexts() {
    }

    /**
     * Storm hands the context to nobody but the callback that reads received tuples (DeserializingConnectionCallback 2.8),
     * so it is taken from there. Without it only tuples inside tuples cannot be received.
     */
    static void takeFrom(IConnectionCallback callback) {
        try {
            Field field = callback.getClass().getDeclaredField("context");
            field.setAccessible(true);
            GeneralTopologyContext context = (GeneralTopologyContext) field.get(callback);
            TupleRecord.setContext(() -> context);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LoggerFactory.getLogger(TopologyContexts.class).warn("No topology context for tuples inside tuples", e);
        }
    }
}
