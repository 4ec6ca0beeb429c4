package egret.host;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.storm.generated.Assignment;
import org.apache.storm.generated.NodeInfo;

/**
 * The `start` control message (src/container/links/protocol.ts) and the Storm assignment that follows from
 * it.
 */
final class StartMessage {
    /**
     * Tasks that another host of the same container runs are, to Storm, in another worker of the same node:
     * at a port that no slot has. Storm then sends their tuples out, and still knows that they are on this
     * host.
     */
    private static final long OTHER_HOST_PORT_OFFSET = 100_000;

    final String topologyId;
    final String topologyName;
    final int containerId;
    final String workerId;
    final String codeDir;
    final String stormLocalDir;
    final String logDir;
    final Map<String, Object> confOverrides;
    private final List<Map<String, Object>> containers;
    private final List<Map<String, Object>> tasks;
    private final Map<Integer, String> componentByTask = new HashMap<>();
    private final Set<Integer> ownTasks = new HashSet<>();

    StartMessage(Map<String, Object> message) {
        topologyId = Json.string(message, "topologyId");
        topologyName = Json.string(message, "topologyName");
        containerId = Json.integer(message, "containerId");
        workerId = Json.string(message, "workerId");
        codeDir = Json.string(message, "codeDir");
        stormLocalDir = Json.string(message, "stormLocalDir");
        logDir = Json.string(message, "logDir");
        confOverrides = Json.object(message.get("confOverrides"));
        containers = Json.objects(message, "containers");
        tasks = Json.objects(message, "tasks");
        for (Map<String, Object> task : tasks) {
            componentByTask.put(Json.integer(task, "taskId"), Json.string(task, "componentId"));
            if (Json.integer(task, "containerId") == containerId && "jvm".equals(Json.string(task, "host"))) {
                ownTasks.add(Json.integer(task, "taskId"));
            }
        }
    }

    /** Null for a task that the topology does not have. */
    String componentOf(int task) {
        return componentByTask.get(task);
    }

    boolean isOwnTask(int task) {
        return ownTasks.contains(task);
    }

    /** The components with a task in this JVM. */
    Set<String> ownComponents() {
        Set<String> components = new TreeSet<>();
        for (int task : ownTasks) {
            components.add(componentOf(task));
        }
        return components;
    }

    int slotPort() {
        return Json.integer(ownContainer(), "slotPort");
    }

    String nodeId() {
        return Json.string(ownContainer(), "nodeId");
    }

    String hostname() {
        return Json.string(ownContainer(), "hostname");
    }

    /** As the host was started. */
    Assignment assignment() {
        return assignmentOf(containers, tasks);
    }

    /** By a later packing plan (src/topology/model.ts). */
    Assignment assignment(Map<String, Object> packing) {
        return assignmentOf(Json.objects(packing, "containers"), Json.objects(packing, "tasks"));
    }

    private Assignment assignmentOf(List<Map<String, Object>> containers, List<Map<String, Object>> tasks) {
        Map<Integer, Map<String, Object>> containerById = new HashMap<>();
        Map<String, String> hostByNode = new HashMap<>();
        for (Map<String, Object> container : containers) {
            containerById.put(Json.integer(container, "containerId"), container);
            hostByNode.put(Json.string(container, "nodeId"), Json.string(container, "hostname"));
        }
        Map<List<Long>, NodeInfo> nodePorts = new HashMap<>();
        Map<List<Long>, Long> startTimes = new HashMap<>();
        for (Map<String, Object> task : tasks) {
            Map<String, Object> container = containerById.get(Json.integer(task, "containerId"));
            long port = Json.integer(container, "slotPort");
            if (!"jvm".equals(Json.string(task, "host"))) {
                port += OTHER_HOST_PORT_OFFSET;
            }
            List<Object> ends = Json.list(task, "executor");
            List<Long> executor = List.of(((Number) ends.get(0)).longValue(), ((Number) ends.get(1)).longValue());
            nodePorts.put(executor, new NodeInfo(Json.string(container, "nodeId"), new HashSet<>(Set.of(port))));
            startTimes.put(executor, System.currentTimeMillis() / 1000);
        }
        Assignment assignment = new Assignment(codeDir);
        assignment.set_node_host(hostByNode);
        assignment.set_executor_node_port(nodePorts);
        assignment.set_executor_start_time_secs(startTimes);
        return assignment;
    }

    private Map<String, Object> ownContainer() {
        for (Map<String, Object> container : containers) {
            if (Json.integer(container, "containerId") == containerId) {
                return container;
            }
        }
        throw new IllegalArgumentException("start names container " + containerId + ", which is not among its containers");
    }
}
