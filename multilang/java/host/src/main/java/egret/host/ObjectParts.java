package egret.host;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.metric.api.IMetricsConsumer.DataPoint;
import org.apache.storm.metric.api.IMetricsConsumer.TaskInfo;

/**
 * Objects that travel as the portable values they are made of (docs/wire.md, tag 21, codec 2): what tasks
 * send to metrics consumers. Tasks outside a JVM can write this form, and Storm's own form cannot leave a
 * worker, because the class of the empty map in a DataPoint is not registered with Kryo (2.8.3). Only these
 * classes are allowed: a tuple must not choose which class is instantiated.
 */
final class ObjectParts {
    private ObjectParts() {
    }

    static boolean has(Object value) {
        return value instanceof DataPoint || value instanceof TaskInfo;
    }

    static List<Object> of(Object value) {
        if (value instanceof DataPoint point) {
            return Arrays.asList(point.name, point.value, point.dimensions == null ? null : new HashMap<>(point.dimensions));
        }
        TaskInfo info = (TaskInfo) value;
        return List.of(info.srcWorkerHost, info.srcWorkerPort, info.srcComponentId,
                info.srcTaskId, info.timestamp, info.updateIntervalSecs);
    }

    /**
     * Throws {@link CorruptValuesException} for any other class, and {@link ClassCastException} and the like
     * when the parts do not fit the class.
     */
    @SuppressWarnings("unchecked")
    static Object make(String className, List<Object> parts) {
        if (className.equals(TaskInfo.class.getName())) {
            return new TaskInfo((String) parts.get(0), (Integer) parts.get(1), (String) parts.get(2),
                    (Integer) parts.get(3), (Long) parts.get(4), (Integer) parts.get(5));
        }
        if (className.equals(DataPoint.class.getName())) {
            return new DataPoint((String) parts.get(0), parts.get(1), (Map<String, String>) parts.get(2));
        }
        throw new CorruptValuesException("no object of class " + className + " is made of parts");
    }
}
