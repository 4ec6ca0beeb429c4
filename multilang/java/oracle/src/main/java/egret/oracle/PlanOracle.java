package egret.oracle;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.storm.Config;
import egret.host.LogTopology;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.generated.ComponentCommon;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.generated.Grouping;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.generated.StreamInfo;
import org.apache.storm.serialization.SerializationFactory;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.utils.ServerUtils;
import org.apache.storm.utils.Utils;

/**
 * What Storm makes of topologies. Question: a list of {@code {components, conf, supervisors?}}, a topology
 * being said as the gateway's LogicalTopology says it. Answer for each: {@code {error}} with Storm's message,
 * or the system topology, the tasks, the executors, the stream numbers and, with supervisors, the slot of
 * each executor. Question {@code {"componentConfs": [{topology, own}]}}: the merged configurations, and the
 * keys that are Storm's.
 */
public final class PlanOracle {
    private PlanOracle() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err); // Storm logs to standard output
        String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        Object question = JSONValue.parse(text);
        Object answer = question instanceof List<?> plans ? plans.stream().map(PlanOracle::plan).toList() : confs(question);
        answers.write(JSONValue.toJSONString(answer).getBytes(StandardCharsets.UTF_8));
        answers.flush();
    }

    @SuppressWarnings("unchecked")
    private static Object confs(Object question) throws ReflectiveOperationException {
        List<Object> merged = new ArrayList<>();
        for (Object pair : (List<?>) ((Map<?, ?>) question).get("componentConfs")) {
            merged.add(PlanConf.merge((Map<String, Object>) pair));
        }
        return Map.of("keys", PlanConf.keys(), "merged", merged);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> plan(Object plan) {
        Map<String, Object> question = (Map<String, Object>) plan;
        Map<String, Object> conf = (Map<String, Object>) question.get("conf");
        try {
            LogTopology.install();
            StormTopology topology = PlanTopology.build((List<Map<String, Object>>) question.get("components"));
            normalize(topology, conf);
            StormTopology system = StormCommon.systemTopology(conf, topology);
            Map<Integer, String> tasks = StormCommon.stormTaskInfo(topology, conf);
            Map<String, Object> answer = new HashMap<>();
            answer.put("components", components(system));
            answer.put("tasks", tasks);
            List<List<Integer>> executors = executors(system, tasks);
            answer.put("executors", executors);
            answer.put("streams", streamNumbers(system));
            if (question.get("supervisors") instanceof List<?> supervisors) {
                answer.put("slots", PlanSlots.schedule(topology, conf, executors, (List<Map<String, Object>>) supervisors));
            }
            return answer;
        } catch (Exception e) {
            String message = e.getMessage();
            return Map.of("error", message == null ? e.toString() : message);
        }
    }

    /** As Nimbus does before it builds the system topology. */
    private static void normalize(StormTopology topology, Map<String, Object> conf) throws Exception {
        for (Object component : StormCommon.allComponents(topology).values()) {
            Map<String, Object> merged = StormCommon.componentConf(component);
            merged.put(Config.TOPOLOGY_TASKS, ServerUtils.getComponentParallelism(conf, component));
            StormCommon.getComponentCommon(component).set_json_conf(JSONValue.toJSONString(merged));
        }
    }

    private static List<List<Integer>> executors(StormTopology system, Map<Integer, String> taskToComponent)
        throws Exception {
        List<List<Integer>> executors = new ArrayList<>();
        Map<String, Object> components = StormCommon.allComponents(system);
        Map<String, List<Integer>> tasksByComponent = new TreeMap<>();
        new TreeMap<>(taskToComponent).forEach(
            (task, component) -> tasksByComponent.computeIfAbsent(component, key -> new ArrayList<>()).add(task));
        for (Map.Entry<String, List<Integer>> entry : tasksByComponent.entrySet()) {
            int count = StormCommon.numStartExecutors(components.get(entry.getKey()));
            for (List<Integer> run : Utils.partitionFixed(count, entry.getValue())) {
                executors.add(List.of(run.get(0), run.get(run.size() - 1)));
            }
        }
        return executors;
    }

    private static Map<String, Map<String, Integer>> streamNumbers(StormTopology system) {
        SerializationFactory.IdDictionary numbers = new SerializationFactory.IdDictionary(system);
        Map<String, Map<String, Integer>> all = new HashMap<>();
        StormCommon.allComponents(system).forEach((id, component) -> {
            Map<String, Integer> ofComponent = new HashMap<>();
            for (String stream : StormCommon.getComponentCommon(component).get_streams().keySet()) {
                ofComponent.put(stream, numbers.getStreamId(id, stream));
            }
            all.put(id, ofComponent);
        });
        return all;
    }

    private static Map<String, Object> components(StormTopology topology) {
        Map<String, Object> components = new HashMap<>();
        StormCommon.allComponents(topology).forEach((id, component) -> {
            ComponentCommon common = StormCommon.getComponentCommon(component);
            Map<String, Object> said = new HashMap<>();
            said.put("conf", StormCommon.componentConf(component));
            said.put("parallelism", common.is_set_parallelism_hint() ? common.get_parallelism_hint() : null);
            Map<String, Object> streams = new HashMap<>();
            common.get_streams().forEach((stream, info) -> streams.put(stream, stream(info)));
            said.put("streams", streams);
            Map<String, Object> inputs = new HashMap<>();
            common.get_inputs().forEach((source, grouping) -> inputs.put(source(source), grouping(grouping)));
            said.put("inputs", inputs);
            components.put(id, said);
        });
        return components;
    }

    private static Map<String, Object> stream(StreamInfo info) {
        return Map.of("fields", info.get_output_fields(), "direct", info.is_direct());
    }

    private static String source(GlobalStreamId id) {
        return id.get_componentId() + " " + id.get_streamId();
    }

    private static String grouping(Grouping grouping) {
        String kind = grouping.getSetField().getFieldName();
        return grouping.is_set_fields() ? kind + " " + String.join(",", grouping.get_fields()) : kind;
    }
}
