package egret.host;

import java.util.Map;
import java.util.stream.Stream;
import org.apache.storm.daemon.StormCommon;
import org.apache.storm.generated.InvalidTopologyException;
import org.apache.storm.generated.StormTopology;

/**
 * System topologies of submissions with streams that go through the log. The components at both sides of a
 * log are added when a topology is submitted, under ids that only the system may use, and Storm takes them
 * for the user's here: all is done as it does it but the check of ids, which has been made.
 */
public final class LogTopology extends StormCommon {
    private static final String PREFIX = "__dlog_";

    private LogTopology() {
    }

    public static void install() {
        StormCommon.setInstance(new LogTopology());
    }

    @Override
    protected StormTopology systemTopologyImpl(Map<String, Object> conf, StormTopology topology)
            throws InvalidTopologyException {
        boolean hasLog = Stream.concat(topology.get_spouts().keySet().stream(), topology.get_bolts().keySet().stream())
                .anyMatch(id -> id.startsWith(PREFIX));
        if (!hasLog) {
            return super.systemTopologyImpl(conf, topology);
        }
        StormTopology system = topology.deepCopy();
        addAcker(conf, system);
        if (hasEventLoggers(conf)) {
            addEventLogger(conf, system);
        }
        addMetricComponents(conf, system);
        addSystemComponents(conf, system);
        addMetricStreams(system);
        addSystemStreams(system);
        validateStructure(system);
        return system;
    }
}
