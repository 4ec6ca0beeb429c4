package egret.oracle;

import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.storm.generated.Bolt;
import org.apache.storm.generated.ComponentCommon;
import org.apache.storm.generated.ComponentObject;
import org.apache.storm.generated.ShellComponent;
import org.apache.storm.generated.SpoutSpec;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.generated.StreamInfo;
import org.apache.storm.spout.ShellSpout;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.task.ShellBolt;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;

/** One task of a shell component, without a worker. Its id is 7, its component `subject`. */
final class ShellTaskRig {
    private static final int TASK = 7;
    private static final String COMPONENT = "subject";

    private final Map<?, ?> question;
    private final Map<String, Object> conf;
    private final TopologyContext context;
    private final String[] command;
    private ShellBolt bolt;
    private ShellSpout spout;

    ShellTaskRig(Map<?, ?> question, Map<String, Object> conf, String codeDir, String pidDir) {
        this.question = question;
        this.conf = conf;
        this.command = ((List<?>) question.get("command")).toArray(new String[0]);
        boolean isSpout = question.get("kind").equals("spout");
        Map<String, Fields> fields = new HashMap<>();
        Map<String, StreamInfo> streams = new LinkedHashMap<>();
        ((Map<?, ?>) question.get("streams")).forEach((id, names) -> {
            List<String> list = ((List<?>) names).stream().map(String.class::cast).toList();
            fields.put((String) id, new Fields(list));
            streams.put((String) id, new StreamInfo(list, false));
        });
        StormTopology topology = new StormTopology(new HashMap<>(), new HashMap<>(), new HashMap<>());
        ComponentCommon common = new ComponentCommon(new HashMap<>(), streams);
        ComponentObject object = ComponentObject.shell(new ShellComponent("", ""));
        if (isSpout) {
            topology.put_to_spouts(COMPONENT, new SpoutSpec(object, common));
        } else {
            topology.put_to_bolts(COMPONENT, new Bolt(object, common));
        }
        context = new TopologyContext(topology, conf, new HashMap<>(Map.of(TASK, COMPONENT)),
                new HashMap<>(Map.of(COMPONENT, List.of(TASK))), new HashMap<>(Map.of(COMPONENT, fields)), new HashMap<>(), "t-1-1",
                codeDir, pidDir, TASK, 6700, List.of(TASK), new HashMap<>(), new HashMap<>(), new HashMap<>(), new HashMap<>(),
                new AtomicBoolean(), null);
    }

    void run(ShellTaskRecord record) throws Exception {
        if (question.get("kind").equals("spout")) {
            runSpout(record);
        } else {
            runBolt(record);
        }
    }

    private void runBolt(ShellTaskRecord record) throws InterruptedException {
        bolt = new ShellBolt(command);
        bolt.setEnv(new HashMap<>(Map.of("RIG", "yes", "PATH", "/rig")));
        bolt.prepare(conf, context, new OutputCollector(record.ofBolt()));
        Thread executor = new Thread(() -> {
            for (Object values : (List<?>) question.get("give")) {
                bolt.execute(tuple((List<?>) values));
            }
        });
        executor.setDaemon(true);
        executor.start();
        record.awaitDone();
    }

    /**
     * Runs a spout on one thread, as a spout executor does, and acks what it emits: within the emit if the
     * question has `acksInside`, otherwise later.
     */
    private void runSpout(ShellTaskRecord record) throws InterruptedException {
        ArrayDeque<Object> open = new ArrayDeque<>();
        spout = new ShellSpout(command);
        boolean isAckedInside = Boolean.TRUE.equals(question.get("acksInside"));
        spout.open(conf, context, new SpoutOutputCollector(record.ofSpout(id -> {
            if (isAckedInside && id != null) {
                spout.ack(id);
            } else if (id != null) {
                open.add(id);
            }
        })));
        spout.activate();
        long untilMs = System.currentTimeMillis() + 150_000;
        while (!record.isDone() && System.currentTimeMillis() < untilMs) {
            spout.nextTuple();
            // Tuples are acked late, so that some outlive their child.
            Object last = open.size() > 2 ? open.poll() : null;
            if (last != null) {
                spout.ack(last);
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    void close() {
        if (bolt != null) {
            bolt.cleanup();
        }
        if (spout != null) {
            spout.close();
        }
    }

    private static Tuple tuple(List<?> json) {
        List<Object> values = new ArrayList<>();
        json.forEach(value -> values.add(special(value)));
        return (Tuple) Proxy.newProxyInstance(ShellTaskRig.class.getClassLoader(), new Class<?>[] {Tuple.class},
            (proxy, method, arguments) -> switch (method.getName()) {
                case "getSourceComponent" -> "source";
                case "getSourceStreamId" -> "default";
                case "getSourceTask" -> 3;
                case "getValues" -> values;
                case "getValue" -> values.get((Integer) arguments[0]);
                case "hashCode" -> System.identityHashCode(proxy);
                case "equals" -> proxy == arguments[0];
                case "toString" -> values.toString();
                default -> null;
            });
    }

    /** What JSON has no way to say. */
    private static Object special(Object value) {
        return switch (String.valueOf(value)) {
            case "@bytes" -> new byte[] {1, -2, 3};
            case "@big" -> new BigInteger("123456789012345678901234567890");
            case "@decimal" -> new BigDecimal("12.340");
            case "@date" -> new Date(1_000_000);
            case "@uuid" -> new UUID(1, 2);
            case "@ints" -> new int[] {1, 2};
            case "@nan" -> Double.NaN;
            case "@infinity" -> Float.POSITIVE_INFINITY;
            case "@float" -> 1.5f;
            case "@surrogate" -> "\ud83d\ude00 \ud83d /";
            case "@large" -> "x".repeat(300_000);
            case "@deep" -> deep();
            default -> value;
        };
    }

    /** Deeper than the wire allows. */
    private static Object deep() {
        Object value = 1;
        for (int depth = 0; depth < 100; depth++) {
            value = List.of(value);
        }
        return value;
    }
}
