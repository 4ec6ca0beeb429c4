package egret.oracle;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.generated.Bolt;
import org.apache.storm.generated.ComponentCommon;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.generated.Grouping;
import org.apache.storm.generated.JavaObject;
import org.apache.storm.generated.NullStruct;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.SpoutSpec;
import org.apache.storm.generated.StateSpoutSpec;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.generated.StreamInfo;
import org.apache.storm.shade.net.minidev.json.JSONValue;

/** A StormTopology from the gateway's LogicalTopology. */
final class PlanTopology {
    private PlanTopology() {
    }

    static StormTopology build(List<Map<String, Object>> components) {
        StormTopology topology = new StormTopology(new HashMap<>(), new HashMap<>(), new HashMap<>());
        for (Map<String, Object> component : components) {
            String id = (String) component.get("id");
            ComponentObject object = ComponentObject.shell(new ShellComponent("python3", id + ".py"));
            ComponentCommon common = common(component);
            switch ((String) component.get("kind")) {
                case "spout" -> topology.put_to_spouts(id, new SpoutSpec(object, common));
                case "bolt" -> topology.put_to_bolts(id, new Bolt(object, common));
                default -> topology.put_to_state_spouts(id, new StateSpoutSpec(object, common));
            }
        }
        return topology;
    }

    @SuppressWarnings("unchecked")
    private static ComponentCommon common(Map<String, Object> component) {
        ComponentCommon common = new ComponentCommon(new HashMap<>(), new HashMap<>());
        ((Map<String, Map<String, Object>>) component.get("streams")).forEach((id, stream) ->
            common.put_to_streams(id, new StreamInfo((List<String>) stream.get("fields"), (Boolean) stream.get("direct"))));
        for (Map<String, Object> input : (List<Map<String, Object>>) component.get("inputs")) {
            common.put_to_inputs(
                new GlobalStreamId((String) input.get("sourceComponentId"), (String) input.get("sourceStreamId")),
                grouping((Map<String, Object>) input.get("grouping")));
        }
        if (component.get("parallelismHint") instanceof Number hint) {
            common.set_parallelism_hint(hint.intValue());
        }
        common.set_json_conf(JSONValue.toJSONString(component.get("conf")));
        return common;
    }

    @SuppressWarnings("unchecked")
    private static Grouping grouping(Map<String, Object> grouping) {
        NullStruct nothing = new NullStruct();
        return switch ((String) grouping.get("kind")) {
            case "fields" -> Grouping.fields((List<String>) grouping.get("fields"));
            case "shuffle" -> Grouping.shuffle(nothing);
            case "all" -> Grouping.all(nothing);
            case "none" -> Grouping.none(nothing);
            case "direct" -> Grouping.direct(nothing);
            case "local_or_shuffle" -> Grouping.local_or_shuffle(nothing);
            case "custom_object" -> Grouping.custom_object(new JavaObject((String) grouping.get("className"), List.of()));
            default -> throw new IllegalArgumentException("no grouping " + grouping);
        };
    }
}
