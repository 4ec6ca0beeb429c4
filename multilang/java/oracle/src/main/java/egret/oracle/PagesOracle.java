package egret.oracle;

import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.storm.cluster.ExecutorBeat;
import org.apache.storm.cluster.IStormClusterState;
import org.apache.storm.daemon.nimbus.Nimbus;
import org.apache.storm.generated.Bolt;
import org.apache.storm.generated.ComponentPageInfo;
import org.apache.storm.generated.ErrorInfo;
import org.apache.storm.generated.ExecutorInfo;
import org.apache.storm.generated.ExecutorStats;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.generated.TopologyPageInfo;
import org.apache.storm.generated.WorkerSummary;
import org.apache.storm.scheduler.resource.ResourceUtils;
import org.apache.storm.scheduler.resource.normalization.NormalizedResourceRequest;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.stats.StatsUtil;
import org.apache.storm.thrift.TBase;
import org.apache.storm.thrift.TDeserializer;
import org.apache.storm.thrift.TException;
import org.apache.storm.thrift.TSerializer;
import org.apache.storm.thrift.protocol.TBinaryProtocol;
import sun.misc.Unsafe;

/**
 * What Storm's own StatsUtil and Nimbus make pages of. Question: a list of {@code {topologyId, name, owner,
 * topology (the system topology, Thrift in base64), conf, window, includeSystem, component, node, tasks:
 * [[task, component]], lastErrors, executors: [{executor, node, host, port, uptime, stats (Thrift in base64,
 * or null before the first heartbeat)}]}}. Answer: for each {@code {topology, component, workers}}, Thrift in
 * base64.
 */
public final class PagesOracle {
    private final Map<?, ?> question;
    private final StormTopology topology = new StormTopology();
    private final Map<String, Object> conf;
    private final Map<Integer, String> taskToComponent = new HashMap<>();
    private final Map<List<Long>, List<Object>> executorToHost = new HashMap<>();
    private final Map<List<Long>, List<Object>> executorToNode = new HashMap<>();
    private final Map<String, String> nodeToHost = new HashMap<>();
    private final Map<ExecutorInfo, ExecutorBeat> beats = new HashMap<>();

    private PagesOracle(Map<?, ?> question) throws TException {
        this.question = question;
        conf = parse((String) question.get("conf"));
        read(topology, question.get("topology"));
        for (Object pair : (List<?>) question.get("tasks")) {
            taskToComponent.put(number(((List<?>) pair).get(0)), (String) ((List<?>) pair).get(1));
        }
        for (Object each : (List<?>) question.get("executors")) {
            addExecutor((Map<?, ?>) each);
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err); // Storm logs to standard output
        Object questions = JSONValue.parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        List<Object> pages = new ArrayList<>();
        for (Object each : (List<?>) questions) {
            // Storm filters the statistics it is given in place, so each page gets its own
            pages.add(Map.of("topology", new PagesOracle((Map<?, ?>) each).topologyPage(),
                    "component", new PagesOracle((Map<?, ?>) each).componentPage(),
                    "workers", new PagesOracle((Map<?, ?>) each).workers()));
        }
        answers.println(JSONValue.toJSONString(pages));
    }

    private void addExecutor(Map<?, ?> each) throws TException {
        List<?> executor = (List<?>) each.get("executor");
        List<Long> id = List.of((long) number(executor.get(0)), (long) number(executor.get(1)));
        executorToHost.put(id, List.of(each.get("host"), (long) number(each.get("port"))));
        executorToNode.put(id, List.of(each.get("node"), (long) number(each.get("port"))));
        nodeToHost.put((String) each.get("node"), (String) each.get("host"));
        if (each.get("stats") != null) {
            ExecutorStats stats = new ExecutorStats();
            read(stats, each.get("stats"));
            beats.put(new ExecutorInfo(number(executor.get(0)), number(executor.get(1))),
                    new ExecutorBeat(0, number(each.get("uptime")), stats));
        }
    }

    private String topologyPage() throws Exception {
        TopologyPageInfo page = StatsUtil.aggTopoExecsStats(id(), executorToNode, taskToComponent,
                StatsUtil.convertExecutorBeats(beats), topology, window(), includeSystem(), clusterState());
        addComponents("addSpoutAggStats", page, topology, conf);
        addComponents("addBoltAggStats", page, topology, conf, includeSystem());
        return write(page);
    }

    private String componentPage() throws TException {
        String component = (String) question.get("component");
        ComponentPageInfo page = StatsUtil.aggCompExecsStats(executorToHost, taskToComponent,
                StatsUtil.convertExecutorBeats(beats), window(), includeSystem(), id(), topology, component);
        Bolt bolt = topology.get_bolts().get(component);
        NormalizedResourceRequest resources = bolt == null
                ? ResourceUtils.getSpoutResources(topology, conf, component)
                : new NormalizedResourceRequest(bolt.get_common(), conf, component);
        page.set_resources_map(resources.toNormalizedMap());
        return write(page);
    }

    private List<String> workers() throws TException {
        List<String> workers = new ArrayList<>();
        for (WorkerSummary each : StatsUtil.aggWorkerStats(id(), (String) question.get("name"), taskToComponent,
                StatsUtil.convertExecutorBeats(beats), executorToNode, nodeToHost, Map.of(), includeSystem(), true,
                (String) question.get("node"), (String) question.get("owner"))) {
            workers.add(write(each));
        }
        return workers;
    }

    /** A method of Nimbus that needs nothing of the object it is called on. */
    private static void addComponents(String name, Object... arguments) throws Exception {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Object nimbus = ((Unsafe) field.get(null)).allocateInstance(Nimbus.class);
        for (Method method : Nimbus.class.getDeclaredMethods()) {
            if (method.getName().equals(name)) {
                method.setAccessible(true);
                try {
                    method.invoke(nimbus, arguments);
                } catch (InvocationTargetException e) {
                    throw (Exception) e.getCause();
                }
            }
        }
    }

    private IStormClusterState clusterState() {
        Map<?, ?> errors = (Map<?, ?>) question.get("lastErrors");
        return (IStormClusterState) Proxy.newProxyInstance(IStormClusterState.class.getClassLoader(),
                new Class<?>[] {IStormClusterState.class}, (proxy, method, arguments) -> {
                    Object text = errors.get(arguments[1]);
                    return text == null ? null : new ErrorInfo((String) text, 1);
                });
    }

    private String id() {
        return (String) question.get("topologyId");
    }

    private String window() {
        return (String) question.get("window");
    }

    private boolean includeSystem() {
        return (Boolean) question.get("includeSystem");
    }

    private static int number(Object value) {
        return ((Number) value).intValue();
    }

    private static void read(TBase<?, ?> into, Object base64) throws TException {
        new TDeserializer(new TBinaryProtocol.Factory()).deserialize(into, Base64.getDecoder().decode((String) base64));
    }

    private static String write(TBase<?, ?> struct) throws TException {
        return Base64.getEncoder().encodeToString(new TSerializer(new TBinaryProtocol.Factory()).serialize(struct));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> parse(String text) {
        return (Map<String, Object>) JSONValue.parse(text);
    }
}
