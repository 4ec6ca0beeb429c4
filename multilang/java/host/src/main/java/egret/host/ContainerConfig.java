package egret.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.storm.utils.ConfigUtils;
import org.apache.storm.utils.Utils;
import org.slf4j.LoggerFactory;

/**
 * The configuration and the places of files that a hosted worker sees. Storm asks the installed ConfigUtils
 * for them, so its worker reads neither `storm.yaml` nor a stormdist directory of its own.
 */
final class ContainerConfig extends ConfigUtils {
    private static final String CONF_FILE = "conf.json";
    private static final String SERIALIZER = "topology.tuple.serializer";
    private static final String STORM_SERIALIZER = "org.apache.storm.serialization.types.ListDelegateSerializer";

    private final StartMessage start;
    private final Map<String, Object> conf;

    ContainerConfig(StartMessage start) throws IOException {
        this.start = start;
        this.conf = merge(start);
    }

    Map<String, Object> conf() {
        return new HashMap<>(conf);
    }

    /** Copies, because Storm and components change what they get. */
    @Override
    public Map<String, Object> readSupervisorStormConfImpl(Map<String, Object> nodeConf, String topologyId) {
        return conf();
    }

    @Override
    public Map<String, Object> readStormConfigImpl() {
        return conf();
    }

    @Override
    public String supervisorStormDistRootImpl(Map<String, Object> nodeConf, String topologyId) {
        return start.codeDir;
    }

    /**
     * The directory above the logs of all slots: the start message's logDir is
     * `workers-artifacts/TOPOLOGY/PORT`.
     */
    @Override
    public String workerArtifactsRootImpl(Map<String, Object> nodeConf) {
        return Path.of(start.logDir).getParent().getParent().toString();
    }

    private static Map<String, Object> merge(StartMessage start) throws IOException {
        Path codeDir = Path.of(start.codeDir);
        Map<String, Object> conf = new HashMap<>(Json.parseObject(Files.readString(codeDir.resolve(CONF_FILE))));
        Path submitted = codeDir.resolve("stormconf.ser");
        if (Files.exists(submitted)) {
            // the same values as submitted: JSON written by another language may say 1 where the client said
            // 1.0
            conf.putAll(Utils.fromCompressedJsonConf(Files.readAllBytes(submitted)));
        }
        conf.put("storm.id", start.topologyId);
        conf.put("topology.name", start.topologyName);
        conf.put("storm.local.dir", start.stormLocalDir);
        conf.put("storm.local.hostname", start.hostname());
        conf.put("storm.cluster.mode", "distributed");
        setSerializer(conf);
        conf.put("storm.cluster.state.store", ContainerState.Factory.class.getName());
        conf.putAll(start.confOverrides);
        return conf;
    }

    /** Tuples must be readable by tasks that are not Java, so a topology cannot bring a form of its own. */
    private static void setSerializer(Map<String, Object> conf) {
        Object asked = conf.put(SERIALIZER, ValuesSerializer.class.getName());
        if (asked != null && !asked.equals(STORM_SERIALIZER)) {
            LoggerFactory.getLogger(ContainerConfig.class).warn("{} {} is not used: {} is", SERIALIZER, asked,
                    ValuesSerializer.class.getName());
        }
    }
}
