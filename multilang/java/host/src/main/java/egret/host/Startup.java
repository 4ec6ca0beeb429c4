package egret.host;

import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.io.IOException;

/**
 * Loads Storm while the host waits for its orders. Storm's Utils reads `defaults.yaml` (250 keys) and
 * `storm.yaml` when it is loaded, and a hosted worker needs two of their values: so during that moment the
 * thread's class loader answers with a short file of ours.
 */
final class Startup {
    private static final String DEFAULTS = "defaults.yaml";
    private static final String SHORT_DEFAULTS = "egret/host/short-defaults.yaml";
    /** Classes that take long to load, in the order in which a worker needs them. */
    private static final List<String> NEEDED = List.of(
            "org.apache.storm.utils.ConfigUtils",
            "org.apache.storm.generated.StormTopology",
            "org.apache.storm.generated.Assignment",
            "org.apache.storm.daemon.worker.Worker",
            "org.apache.storm.daemon.worker.WorkerState",
            "org.apache.storm.serialization.SerializationFactory",
            "org.apache.storm.executor.bolt.BoltExecutor",
            "org.apache.storm.executor.spout.SpoutExecutor",
            "org.apache.storm.messaging.DeserializingConnectionCallback",
            "org.apache.storm.metric.SystemBolt");

    private Startup() {
    }

    /** Starts loading. The thread returned ends when all is loaded. */
    static Thread begin() {
        Thread loader = new Thread(Startup::load, "egret-startup");
        loader.setDaemon(true);
        loader.start();
        return loader;
    }

    private static void load() {
        try {
            loadUtils();
            for (String name : NEEDED) {
                Class.forName(name);
            }
        } catch (ClassNotFoundException | LinkageError e) {
            // this is not fatal here: the code that needs the class fails later, and that failure is reported
            System.err.println("cannot load ahead of time: " + e);
        }
    }

    private static void loadUtils() throws ClassNotFoundException {
        Thread thread = Thread.currentThread();
        ClassLoader usual = thread.getContextClassLoader();
        thread.setContextClassLoader(new ShortDefaults(usual));
        try {
            Class.forName("org.apache.storm.utils.Utils");
        } finally {
            thread.setContextClassLoader(usual);
        }
    }

    private static final class ShortDefaults extends ClassLoader {
        ShortDefaults(ClassLoader parent) {
            super(parent);
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            if (name.equals(DEFAULTS)) {
                return super.getResources(SHORT_DEFAULTS);
            }
            return name.endsWith(".yaml") ? Collections.emptyEnumeration() : super.getResources(name);
        }
    }
}
