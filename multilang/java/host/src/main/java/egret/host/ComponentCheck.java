package egret.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.storm.Thrift;
import org.apache.storm.daemon.supervisor.AdvancedFSOps;
import org.apache.storm.generated.Bolt;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.SpoutSpec;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.spout.ISpout;
import org.apache.storm.task.IBolt;
import org.apache.storm.utils.ConfigUtils;
import org.apache.storm.utils.Utils;

/**
 * Finds the components that cannot be instantiated after a worker failed to start, because Storm's exceptions
 * name only classes.
 */
final class ComponentCheck {
    private ComponentCheck() {
    }

    /**
     * Returns one sentence for each component that cannot be instantiated. The list is empty when all can be,
     * or when the topology cannot be read.
     */
    static List<String> faults(StartMessage start, Map<String, Object> conf) {
        List<String> faults = new ArrayList<>();
        try {
            StormTopology topology = ConfigUtils.readSupervisorTopology(conf, start.topologyId, AdvancedFSOps.make(conf));
            for (String component : start.ownComponents()) {
                String fault = fault(topology, component);
                if (fault != null) {
                    faults.add("component " + component + " cannot be made: " + fault);
                }
            }
        } catch (Exception | LinkageError e) {
            faults.add("the topology's code cannot be read: " + e);
        }
        return faults;
    }

    private static String fault(StormTopology topology, String component) {
        SpoutSpec spout = topology.get_spouts().get(component);
        Bolt bolt = topology.get_bolts().get(component);
        if (spout == null && bolt == null) {
            return null; // one of Storm's own
        }
        try {
            ComponentObject object = spout != null ? spout.get_spout_object() : bolt.get_bolt_object();
            Object made = object.is_set_java_object()
                    ? Thrift.instantiateJavaObject(object.get_java_object()) : Utils.getSetComponentObject(object);
            Class<?> needed = spout != null ? ISpout.class : IBolt.class;
            return needed.isInstance(made) ? null : made.getClass().getName() + " is not an " + needed.getName();
        } catch (RuntimeException | LinkageError e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return root.toString();
        }
    }
}
