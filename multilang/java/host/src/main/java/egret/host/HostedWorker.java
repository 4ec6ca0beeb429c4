package egret.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.storm.cluster.ClusterUtils;
import org.apache.storm.daemon.worker.Worker;
import org.apache.storm.generated.StormBase;
import org.apache.storm.generated.TopologyStatus;
import org.apache.storm.utils.ConfigUtils;
import org.apache.storm.utils.ObjectReader;
import org.apache.storm.utils.Utils;

/**
 * Storm's own worker with the container in place of ZooKeeper, Nimbus, supervisor and Netty: {@link
 * ContainerState}, {@link ContainerSupervisor}, {@link ContainerTransport}.
 */
final class HostedWorker {
    /** The constructor asks for a supervisor's Thrift port; ours is in the same process and has none. */
    private static final int NO_SUPERVISOR_PORT = -1;
    private static final String GRACE_KEY = "topology.egret.lost.trees.grace.ms";
    private static final int GRACE_MS = 500;

    private final StartMessage start;
    private final Reports reports;
    private final ContainerTransport transport;
    private final ContainerState state;
    private final ContainerSupervisor supervisor;
    private final Map<String, Object> conf;
    private final long launchedAtMs = System.currentTimeMillis();
    private volatile Worker worker;
    private LostTrees lostTrees;
    private boolean isLoading = true;

    HostedWorker(StartMessage start, Link link) throws IOException {
        this.start = start;
        Utils.setInstance(new ContainerNames(start.hostname()));
        LogTopology.install();
        ContainerConfig config = new ContainerConfig(start);
        ConfigUtils.setInstance(config);
        conf = config.conf();
        reports = new Reports(link, start, new ErrorThrottle(
                ObjectReader.getInt(conf.get("topology.max.error.report.per.interval"), 5),
                ObjectReader.getInt(conf.get("topology.error.throttle.interval.secs"), 10)));
        transport = new ContainerTransport(link, start.workerId, start::isOwnTask, reports);
        state = new ContainerState(reports);
        ContainerState.Factory.storage = state;
        supervisor = new ContainerSupervisor(start.assignment());
    }

    ContainerTransport transport() {
        return transport;
    }

    /** How long Storm gives an ending worker: SIGTERM and System.exit included. */
    int shutdownSecs() {
        return ObjectReader.getInt(conf.get("supervisor.worker.shutdown.sleep.secs"), 3);
    }

    /** Makes activation follow the plan. */
    void planned(Map<String, Object> plan) {
        StormBase base = new StormBase(
                start.topologyName, TopologyStatus.valueOf(Json.string(plan, "status")), 1);
        base.set_component_executors(new HashMap<>());
        base.set_component_debug(new HashMap<>());
        base.set_launch_time_secs((int) (launchedAtMs / 1000));
        state.publish(ClusterUtils.stormPath(start.topologyId), Utils.serialize(base));
        if (Boolean.TRUE.equals(plan.get("isComplete"))) {
            transport.setReady();
        }
    }

    /**
     * Makes the worker refresh its assignment at once when other tasks have moved. By itself it checks only
     * every ten seconds (task.refresh.poll.secs).
     */
    void packed(Map<String, Object> packing) {
        supervisor.assign(start.assignment(packing));
        Worker running = worker;
        if (running != null) {
            WorkerInternals.refreshConnections(running);
        }
    }

    /**
     * Starts the executors. Each component is opened or prepared on its executor's own thread once the
     * topology is active.
     */
    void start() throws Exception {
        makeDirectories();
        UncaughtExceptions.install();
        worker = new Worker(conf, transport, start.topologyId, start.nodeId(), NO_SUPERVISOR_PORT,
                start.slotPort(), start.workerId, supervisor.supplier()) {
            /**
             * Replaces Storm's own, which first writes a file for the supervisor and ends the worker when the
             * disk is full.
             */
            @Override
            public void doHeartBeat() {
                if (isLoading) {
                    isLoading = false; // only the first one comes before there are executors
                    ExactStats.hold(this);
                }
                reports.heartbeat();
            }
        };
        worker.start();
        reports.counted(ExactStats.of(worker, start::componentOf));
        WorkerInternals.activate(worker);
        reports.started();
    }

    /** Tasks elsewhere are lost. Before the worker has started it has no trees. */
    void lost(Map<String, Object> message) {
        Worker running = worker;
        StormInternals storm = transport.storm();
        if (running == null || storm == null) {
            return;
        }
        if (lostTrees == null) {
            lostTrees = new LostTrees(running, storm, ObjectReader.getInt(conf.get(GRACE_KEY), GRACE_MS));
        }
        lostTrees.lost(ints(message, "tasks"), ints(message, "spouts"));
    }

    private static Set<Integer> ints(Map<String, Object> message, String name) {
        Set<Integer> found = new HashSet<>();
        for (Object number : Json.list(message, name)) {
            found.add(((Number) number).intValue());
        }
        return found;
    }

    /** Which components are the reason why it did not start; empty when it is none of theirs. */
    List<String> brokenComponents() {
        return ComponentCheck.faults(start, conf);
    }

    /** Runs close and cleanup of all components. Returns when Storm is done, which it may never be. */
    void shutdown() {
        if (worker != null) {
            worker.shutdown();
        }
    }

    /** Where Storm keeps the pids of shell children. */
    private void makeDirectories() throws IOException {
        Path root = Path.of(start.stormLocalDir, "workers", start.workerId);
        Files.createDirectories(root.resolve("pids"));
        Files.createDirectories(Path.of(start.logDir));
    }
}
