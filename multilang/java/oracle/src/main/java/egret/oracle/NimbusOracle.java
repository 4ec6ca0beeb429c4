package egret.oracle;

import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.storm.daemon.nimbus.Nimbus;
import org.apache.storm.generated.Bolt;
import org.apache.storm.generated.ComponentCommon;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.serialization.GzipThriftSerializationDelegate;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.utils.Utils;

/**
 * What Storm's own Nimbus makes of things. Question {@code {"normalize": [{"cluster", "topology",
 * "components"}]}} (all JSON texts): the configurations that workers would get. {@code {"names": [...]}}: for
 * each name null, or the complaint. {@code {"transitions": true}}: by status, the events it takes. {@code
 * {"codeDir": path}}: the files of a code directory as a supervisor reads them.
 */
public final class NimbusOracle {
    private NimbusOracle() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err); // Storm logs to standard output
        Map<?, ?> question = parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        answers.println(JSONValue.toJSONString(answer(question)));
    }

    private static Object answer(Map<?, ?> question) throws Exception {
        if (question.containsKey("normalize")) {
            List<Object> confs = new ArrayList<>();
            for (Object each : (List<?>) question.get("normalize")) {
                confs.add(normalize((Map<?, ?>) each));
            }
            return confs;
        }
        if (question.containsKey("names")) {
            List<Object> verdicts = new ArrayList<>();
            for (Object name : (List<?>) question.get("names")) {
                verdicts.add(complaintAbout((String) name));
            }
            return verdicts;
        }
        return question.containsKey("transitions") ? transitions() : code(Path.of((String) question.get("codeDir")));
    }

    private static Object normalize(Map<?, ?> question) throws ReflectiveOperationException {
        Map<String, Bolt> bolts = new HashMap<>();
        for (Object text : (List<?>) question.get("components")) {
            ComponentCommon common = new ComponentCommon(Map.of(), Map.of());
            common.set_json_conf((String) text);
            bolts.put("bolt" + bolts.size(), new Bolt(ComponentObject.shell(new ShellComponent("python3", "x.py")), common));
        }
        StormTopology topology = new StormTopology(Map.of(), bolts, Map.of());
        Method method = Nimbus.class.getDeclaredMethod("normalizeConf", Map.class, Map.class, StormTopology.class);
        method.setAccessible(true);
        return method.invoke(null, parse((String) question.get("cluster")), parse((String) question.get("topology")), topology);
    }

    private static String complaintAbout(String name) throws ReflectiveOperationException {
        Method method = Nimbus.class.getDeclaredMethod("validateTopologyName", String.class);
        method.setAccessible(true);
        try {
            method.invoke(null, name);
            return null;
        } catch (InvocationTargetException refused) {
            return String.valueOf(refused.getCause());
        }
    }

    private static Object transitions() throws ReflectiveOperationException {
        Field field = Nimbus.class.getDeclaredField("TOPO_STATE_TRANSITIONS");
        field.setAccessible(true);
        Map<String, TreeSet<String>> events = new TreeMap<>();
        ((Map<?, ?>) field.get(null)).forEach((status, byEvent) -> {
            TreeSet<String> names = new TreeSet<>();
            ((Map<?, ?>) byEvent).keySet().forEach(event -> names.add(event.toString()));
            events.put(status.toString(), names);
        });
        return events;
    }

    private static Object code(Path dir) throws Exception {
        byte[] topologyBytes = Files.readAllBytes(dir.resolve("stormcode.ser"));
        StormTopology topology = new GzipThriftSerializationDelegate().deserialize(topologyBytes, StormTopology.class);
        Map<String, Object> componentConfs = new TreeMap<>();
        topology.get_spouts().forEach((id, spout) -> componentConfs.put(id, parse(spout.get_common().get_json_conf())));
        topology.get_bolts().forEach((id, bolt) -> componentConfs.put(id, parse(bolt.get_common().get_json_conf())));
        byte[] confBytes = Files.readAllBytes(dir.resolve("stormconf.ser"));
        // As text, for a reader in JavaScript would lose digits again.
        return JSONValue.toJSONString(Map.of("components", componentConfs, "conf", Utils.fromCompressedJsonConf(confBytes)));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> parse(String text) {
        return (Map<String, Object>) JSONValue.parse(text);
    }
}
