package org.apache.storm.task;

import egret.shell.BoltTask;
import egret.shell.ChildSpec;
import java.util.HashMap;
import java.util.Map;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.tuple.Tuple;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bolt whose work is done by a child process that speaks multilang. Written for Egret under the name of
 * Storm's class (2.8), whose place it takes: same constructors, methods and constants; what a client
 * serialised from Storm's class is read by this one. A child's end costs the child a restart and nothing
 * else: see {@link BoltTask}.
 */
public class ShellBolt implements IBolt {
    public static final String HEARTBEAT_STREAM_ID = "__heartbeat";
    public static final Logger LOG = LoggerFactory.getLogger(ShellBolt.class);
    private static final long serialVersionUID = -339575186639193348L;

    private String[] command;
    private Map<String, String> env = new HashMap<>();
    private boolean changeDirectory = true;
    private transient BoltTask task;

    public ShellBolt(ShellComponent component) {
        this(component.get_execution_command(), component.get_script());
    }

    public ShellBolt(String... command) {
        this.command = command;
    }

    /** Variables laid over the worker's environment; PATH is appended to the worker's. */
    public ShellBolt setEnv(Map<String, String> env) {
        this.env = env;
        return this;
    }

    public boolean shouldChangeChildCWD() {
        return changeDirectory;
    }

    /** False: the child starts in the worker's directory, not among the topology's resources. */
    public void changeChildCWD(boolean changeDirectory) {
        this.changeDirectory = changeDirectory;
    }

    @Override
    public void prepare(Map<String, Object> topoConf, TopologyContext context, OutputCollector collector) {
        task = BoltTask.start(new ChildSpec(ShellBolt.class, command, env, shouldChangeChildCWD(), topoConf, context), collector);
    }

    @Override
    public void execute(Tuple input) {
        task.execute(input);
    }

    @Override
    public void cleanup() {
        if (task != null) {
            task.close();
        }
    }
}
