package egret.oracle;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.generated.Bolt;
import org.apache.storm.generated.ComponentCommon;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.generated.Grouping;
import org.apache.storm.generated.JavaObject;
import org.apache.storm.generated.NullStruct;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.SpoutSpec;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.generated.StreamInfo;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Fields;

/**
 * The context that Storm tells a multilang child, for every task of each topology.
 *
 * <p>Question: [{conf, components: [component as src/topology/model.ts has it]}...]. Answer: [{task id:
 * context}...].
 */
public final class MultilangContext {
  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err); // Storm logs to standard output when nothing is configured
    List<?> questions = (List<?>) JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
    List<Object> answers = new ArrayList<>();
    for (Object question : questions) answers.add(contexts((Map<?, ?>) question));
    out.println(JSONValue.toJSONString(answers));
  }

  private static Map<String, Object> contexts(Map<?, ?> question) throws Exception {
    @SuppressWarnings("unchecked")
    Map<String, Object> conf = new HashMap<>((Map<String, Object>) question.get("conf"));
    StormTopology topology = topology((List<?>) question.get("components"));
    Map<Integer, String> taskToComponent = StormCommon.stormTaskInfo(topology, conf);
    Map<String, List<Integer>> tasks = new HashMap<>();
    taskToComponent.forEach((task, component) -> tasks.computeIfAbsent(component, c -> new ArrayList<>()).add(task));
    tasks.values().forEach(Collections::sort);
    Map<String, Map<String, Fields>> fields = new HashMap<>();
    StormTopology system = StormCommon.systemTopology(conf, topology);
    StormCommon.allComponents(system).forEach((id, component) -> {
      Map<String, Fields> streams = new HashMap<>();
      StormCommon.getComponentCommon(component).get_streams()
          .forEach((stream, info) -> streams.put(stream, new Fields(info.get_output_fields())));
      fields.put(id, streams);
    });
    Map<String, Object> answer = new LinkedHashMap<>();
    taskToComponent.forEach((task, component) -> {
      if (component.startsWith("__")) return;
      TopologyContext context = new TopologyContext(topology, conf, taskToComponent, tasks, fields, new HashMap<>(),
          "words-1-1", "/code", "/pids", task, 6700, new ArrayList<>(taskToComponent.keySet()), new HashMap<>(),
          new HashMap<>(), new HashMap<>(), new HashMap<>(), new AtomicBoolean(), null);
      answer.put(task.toString(), JSONValue.parse(context.toJSONString()));
    });
    return answer;
  }

  private static StormTopology topology(List<?> components) {
    StormTopology topology = new StormTopology(new HashMap<>(), new HashMap<>(), new HashMap<>());
    for (Object each : components) {
      Map<?, ?> component = (Map<?, ?>) each;
      ComponentObject shell = ComponentObject.shell(new ShellComponent("python3", "x.py"));
      String id = (String) component.get("id");
      if ("spout".equals(component.get("kind"))) topology.put_to_spouts(id, new SpoutSpec(shell, common(component)));
      else topology.put_to_bolts(id, new Bolt(shell, common(component)));
    }
    return topology;
  }

  private static ComponentCommon common(Map<?, ?> component) {
    Map<GlobalStreamId, Grouping> inputs = new LinkedHashMap<>();
    for (Object each : (List<?>) component.get("inputs")) {
      Map<?, ?> input = (Map<?, ?>) each;
      GlobalStreamId stream =
          new GlobalStreamId((String) input.get("sourceComponentId"), (String) input.get("sourceStreamId"));
      inputs.put(stream, grouping((Map<?, ?>) input.get("grouping")));
    }
    Map<String, StreamInfo> streams = new LinkedHashMap<>();
    ((Map<?, ?>) component.get("streams")).forEach((id, each) -> {
      Map<?, ?> stream = (Map<?, ?>) each;
      streams.put((String) id, new StreamInfo(strings(stream.get("fields")), (Boolean) stream.get("direct")));
    });
    ComponentCommon common = new ComponentCommon(inputs, streams);
    if (component.get("parallelismHint") != null) {
      common.set_parallelism_hint(((Number) component.get("parallelismHint")).intValue());
    }
    common.set_json_conf(JSONValue.toJSONString(component.get("conf")));
    return common;
  }

  private static Grouping grouping(Map<?, ?> grouping) {
    switch ((String) grouping.get("kind")) {
      case "fields":
        return Grouping.fields(strings(grouping.get("fields")));
      case "shuffle":
        return Grouping.shuffle(new NullStruct());
      case "all":
        return Grouping.all(new NullStruct());
      case "none":
        return Grouping.none(new NullStruct());
      case "direct":
        return Grouping.direct(new NullStruct());
      case "local_or_shuffle":
        return Grouping.local_or_shuffle(new NullStruct());
      case "custom_object":
        return Grouping.custom_object(new JavaObject((String) grouping.get("className"), new ArrayList<>()));
      case "custom_serialized":
        return Grouping.custom_serialized(new byte[0]);
      default:
        throw new IllegalArgumentException("no such grouping: " + grouping);
    }
  }

  private static List<String> strings(Object list) {
    List<String> strings = new ArrayList<>();
    for (Object each : (List<?>) list) strings.add((String) each);
    return strings;
  }
}
