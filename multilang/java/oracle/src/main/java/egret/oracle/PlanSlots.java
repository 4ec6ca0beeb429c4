package egret.oracle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.storm.Config;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.metric.StormMetricsRegistry;
import org.apache.storm.scheduler.Cluster;
import org.apache.storm.scheduler.EvenScheduler;
import org.apache.storm.scheduler.ExecutorDetails;
import org.apache.storm.scheduler.INimbus;
import org.apache.storm.scheduler.IScheduler;
import org.apache.storm.scheduler.SchedulerAssignment;
import org.apache.storm.scheduler.SupervisorDetails;
import org.apache.storm.scheduler.Topologies;
import org.apache.storm.scheduler.TopologyDetails;
import org.apache.storm.scheduler.WorkerSlot;
import org.apache.storm.scheduler.resource.normalization.ResourceMetrics;

/** Where Storm's EvenScheduler puts the executors of one topology on an otherwise empty cluster. */
final class PlanSlots {
    private static final String ID = "planned-1-1";

    private PlanSlots() {
    }

    /** First task of each executor to {@code node:port}. */
    static Map<String, String> schedule(
        StormTopology topology, Map<String, Object> conf, List<List<Integer>> executors, List<Map<String, Object>> nodes) {
        Map<String, SupervisorDetails> supervisors = new HashMap<>();
        for (Map<String, Object> node : nodes) {
            String id = (String) node.get("nodeId");
            @SuppressWarnings("unchecked")
            Collection<Number> ports = (Collection<Number>) node.get("ports");
            supervisors.put(id, new SupervisorDetails(id, id, null, ports, new HashMap<>()));
        }
        Map<ExecutorDetails, String> executorToComponent = new HashMap<>();
        executors.forEach(each -> executorToComponent.put(new ExecutorDetails(each.get(0), each.get(1)), "any"));
        Map<String, Object> named = new HashMap<>(conf);
        named.put(Config.TOPOLOGY_NAME, "planned");
        int workers = ((Number) conf.get(Config.TOPOLOGY_WORKERS)).intValue();
        TopologyDetails details = new TopologyDetails(ID, named, topology, workers, executorToComponent, "nobody");
        Topologies topologies = new Topologies(details);
        Cluster cluster = new Cluster(new AllSlots(), new ResourceMetrics(new StormMetricsRegistry()), supervisors,
            new HashMap<>(), topologies, new HashMap<>());
        EvenScheduler.scheduleTopologiesEvenly(topologies, cluster);
        Map<String, String> slots = new HashMap<>();
        SchedulerAssignment assignment = cluster.getAssignmentById(ID);
        if (assignment != null) {
            assignment.getExecutorToSlot().forEach((executor, slot) ->
                slots.put(Integer.toString(executor.getStartTask()), slot.getNodeId() + ":" + slot.getPort()));
        }
        return slots;
    }

    private static final class AllSlots implements INimbus {
        @Override
        public void prepare(Map<String, Object> topoConf, String schedulerLocalDir) {
        }

        @Override
        public Collection<WorkerSlot> allSlotsAvailableForScheduling(
            Collection<SupervisorDetails> supervisors, Topologies topologies, Set<String> topologiesMissingAssignments) {
            return new ArrayList<>();
        }

        @Override
        public void assignSlots(Topologies topologies, Map<String, Collection<WorkerSlot>> newSlotsByTopologyId) {
        }

        @Override
        public String getHostName(Map<String, SupervisorDetails> supervisors, String nodeId) {
            return nodeId;
        }

        @Override
        public IScheduler getForcedScheduler() {
            return null;
        }
    }
}
