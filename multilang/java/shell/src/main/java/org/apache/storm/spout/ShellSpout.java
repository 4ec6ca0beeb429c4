package org.apache.storm.spout;

import egret.shell.ChildSpec;
import egret.shell.SpoutTask;
import java.util.HashMap;
import java.util.Map;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.task.TopologyContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A spout whose work is done by a child process that speaks multilang. Written for Egret under the name of
 * Storm's class (2.8), whose place it takes: same constructors, methods and constants; what a client
 * serialised from Storm's class is read by this one. A child's end costs the child a restart and nothing
 * else: see {@link SpoutTask}.
 */
public class ShellSpout implements ISpout {
    public static final Logger LOG = LoggerFactory.getLogger(ShellSpout.class);
    private static final long serialVersionUID = 5982357019665454L;

    private String[] command;
    private Map<String, String> env = new HashMap<>();
    private boolean changeDirectory = true;
    private transient SpoutTask task;

    public ShellSpout(ShellComponent component) {
        this(component.get_execution_command(), component.get_script());
    }

    public ShellSpout(String... command) {
        this.command = command;
    }

    /** Variables laid over the worker's environment; PATH is appended to the worker's. */
    public ShellSpout setEnv(Map<String, String> env) {
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
    public void open(Map<String, Object> topoConf, TopologyContext context, SpoutOutputCollector collector) {
        task = SpoutTask.start(new ChildSpec(ShellSpout.class, command, env, shouldChangeChildCWD(), topoConf, context), collector);
    }

    @Override
    public void close() {
        if (task != null) {
            task.close();
        }
    }

    @Override
    public void nextTuple() {
        task.next();
    }

    @Override
    public void ack(Object msgId) {
        task.ack(msgId);
    }

    @Override
    public void fail(Object msgId) {
        task.fail(msgId);
    }

    @Override
    public void activate() {
        task.activate();
    }

    @Override
    public void deactivate() {
        task.deactivate();
    }
}
