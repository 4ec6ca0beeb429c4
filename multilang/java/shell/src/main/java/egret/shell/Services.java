package egret.shell;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.storm.metric.api.IMetric;
import org.apache.storm.metric.api.rpc.IShellMetric;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.utils.ShellLogHandler;
import org.apache.storm.utils.ShellUtils;

/** The messages of a child that are not about tuples: its log, its errors and its metrics. */
final class Services {
    private final ChildSpec spec;
    private final Consumer<Throwable> reportError;
    private final ShellLogHandler logHandler;
    /** Metrics that have been complained about: once is enough. */
    private final Set<String> strangers = ConcurrentHashMap.newKeySet();

    /** Throws what Storm throws for a `topology.multilang.log.handler` that is not there. */
    Services(ChildSpec spec, Consumer<Throwable> reportError) {
        this.spec = spec;
        this.reportError = reportError;
        this.logHandler = ShellUtils.getLogHandler(spec.conf());
    }

    /** A new child speaks. */
    void begin(Child child) {
        logHandler.setUpContext(spec.owner(), child, spec.context());
    }

    /** False when the message is none of these. */
    boolean take(ShellMsg message) {
        switch (message.getCommand()) {
            case "log" -> logHandler.log(message);
            case "error" -> reportError.accept(new Exception("Shell Process Exception: " + message.getMsg()));
            case "metrics" -> metric(message.getMetricName(), message.getMetricParams());
            default -> {
                return false;
            }
        }
        return true;
    }

    /**
     * Updates a metric. One that the component has not registered is an error of the component; Storm would
     * end the worker.
     */
    private void metric(String name, Object params) {
        IMetric metric = name == null || name.isEmpty() ? null : spec.context().getRegisteredMetricByName(name);
        if (metric instanceof IShellMetric shellMetric) {
            try {
                shellMetric.updateMetricFromRPC(params);
            } catch (RuntimeException e) {
                complain(name, new RuntimeException(spec.who() + " updated the metric \"" + name + "\" with what it does not take", e));
            }
        } else {
            complain(String.valueOf(name), new ChildEndedException(spec.who() + " updated the metric \"" + name + "\", which "
                    + (metric == null ? "its component has not registered" : "is no IShellMetric but a " + metric.getClass().getName())
                    + ": register it in prepare or open (TopologyContext.registerMetric)"));
        }
    }

    private void complain(String name, Throwable error) {
        if (strangers.add(name)) {
            reportError.accept(error);
        }
    }
}
