package egret.host;

import java.util.function.Supplier;
import org.apache.storm.generated.Assignment;
import org.apache.storm.generated.Supervisor;
import org.apache.storm.generated.SupervisorAssignments;
import org.apache.storm.generated.SupervisorWorkerHeartbeat;
import org.apache.storm.utils.SupervisorIfaceFactory;

/** The supervisor that a worker asks for its assignment and tells that it lives: the host itself, in the same process. */
final class ContainerSupervisor implements Supervisor.Iface {
    private final Assignment assignment;
    private final Runnable heartbeat;

    ContainerSupervisor(Assignment assignment, Runnable heartbeat) {
        this.assignment = assignment;
        this.heartbeat = heartbeat;
    }

    Supplier<SupervisorIfaceFactory> supplier() {
        return () -> new SupervisorIfaceFactory() {
            @Override
            public Supervisor.Iface getIface() {
                return ContainerSupervisor.this;
            }
        };
    }

    @Override
    public void sendSupervisorAssignments(SupervisorAssignments assignments) {
    }

    /** A copy, because Storm changes what it gets. */
    @Override
    public Assignment getLocalAssignmentForStorm(String topologyId) {
        return assignment.deepCopy();
    }

    @Override
    public void sendSupervisorWorkerHeartbeat(SupervisorWorkerHeartbeat ignored) {
        heartbeat.run();
    }
}
