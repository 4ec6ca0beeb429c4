package egret.oracle;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.generated.Bolt;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.JavaObject;
import org.apache.storm.generated.JavaObjectArg;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.utils.Utils;

/**
 * Storm's system topologies, in Thrift. Question: a list of {@code {components, conf}} as PlanOracle takes
 * them. Answer for each: the topology and its system topology as Storm writes them, and the class behind each
 * bolt that Storm added.
 */
public final class ThriftTopology {
  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err); // Storm logs to standard output
    List<Object> answer = new ArrayList<>();
    for (Object question : (List<?>) JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8))) {
      answer.add(answer((Map<?, ?>) question));
    }
    answers.write(JSONValue.toJSONString(answer).getBytes(StandardCharsets.UTF_8));
    answers.flush();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> answer(Map<?, ?> question) throws Exception {
    StormTopology topology = PlanTopology.build((List<Map<String, Object>>) question.get("components"));
    vary(topology);
    StormTopology system = StormCommon.systemTopology((Map<String, Object>) question.get("conf"), topology);
    Map<String, Object> classes = new HashMap<>();
    for (Map.Entry<String, Bolt> bolt : system.get_bolts().entrySet()) {
      if (topology.get_bolts().containsKey(bolt.getKey())) continue;
      byte[] object = bolt.getValue().get_bolt_object().get_serialized_java();
      classes.put(bolt.getKey(), Utils.javaDeserialize(object, Object.class).getClass().getName());
    }
    return Map.of("topology", base64(topology), "system", base64(system), "classes", classes);
  }

  /** Gives the bolts component objects of every kind, not only the shell of PlanTopology. */
  private static void vary(StormTopology topology) {
    int index = 0;
    for (Bolt bolt : topology.get_bolts().values()) {
      List<JavaObjectArg> arguments = List.of(JavaObjectArg.long_arg(Long.MIN_VALUE), JavaObjectArg.string_arg("x"));
      switch (index++ % 3) {
        case 0 -> bolt.set_bolt_object(ComponentObject.serialized_java(new byte[] {-84, -19, 0, 5, (byte) index}));
        case 1 -> bolt.set_bolt_object(ComponentObject.java_object(new JavaObject("a.Bolt", arguments)));
        default -> { }
      }
    }
  }

  private static String base64(StormTopology topology) throws Exception {
    return Base64.getEncoder().encodeToString(ThriftValues.write(topology));
  }

  private ThriftTopology() {}
}
