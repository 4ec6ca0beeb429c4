package egret.host;

import java.util.function.Supplier;
import org.apache.storm.generated.Assignment;
import org.apache.storm.generated.Supervisor;
import org.apache.storm.generated.SupervisorAssignments;
import org.apache.storm.generated.SupervisorWorkerHeartbeat;
import org.apache.storm.utils.SupervisorIfaceFactory;

/** The supervisor that a worker asks for its assignment: the host itself, in the same process. */
final class ContainerSupervisor implements Supervisor.Iface {
    private volatile Assignment assignment;

    ContainerSupervisor(Assignment assignment) {
        this.assignment = assignment;
    }

    /** Tasks have moved. The worker's own are the same: it ends when they change. */
    void assign(Assignment changed) {
        assignment = changed;
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
    }
}
