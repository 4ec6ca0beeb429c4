package egret.oracle;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.storm.Config;
import org.apache.storm.executor.Executor;
import org.apache.storm.executor.bolt.BoltExecutor;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.task.WorkerTopologyContext;
import org.objenesis.ObjenesisStd;

/** What Storm's executor lets a component's own configuration say. */
final class PlanConf {
    private PlanConf() {
    }

    /** The values of all public fields of Config: the keys that Executor knows for Storm's. */
    static List<String> keys() throws IllegalAccessException {
        List<String> keys = new ArrayList<>();
        for (var field : Config.class.getFields()) {
            keys.add((String) field.get(null));
        }
        return keys.stream().sorted().distinct().toList();
    }

    @SuppressWarnings("unchecked")
    static Object merge(Map<String, Object> question) throws ReflectiveOperationException {
        Map<String, Object> topologyConf = (Map<String, Object>) question.get("topology");
        StormTopology topology = PlanTopology.build(List.of(Map.of(
            "id", "b", "kind", "bolt", "streams", Map.of(), "inputs", List.of(), "conf", question.get("own"))));
        WorkerTopologyContext context = new WorkerTopologyContext(topology, new HashMap<>(), new HashMap<>(),
            new HashMap<>(), new HashMap<>(), "t", "", "", 1, List.of(), new HashMap<>(), new HashMap<>(),
            new AtomicReference<>(), "here", new AtomicReference<>());
        Method merge = Executor.class.getDeclaredMethod(
            "normalizedComponentConf", Map.class, WorkerTopologyContext.class, String.class);
        merge.setAccessible(true);
        return merge.invoke(new ObjenesisStd().newInstance(BoltExecutor.class), topologyConf, context, "b");
    }
}
