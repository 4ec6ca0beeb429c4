package egret.oracle;

import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.storm.daemon.GrouperFactory;
import org.apache.storm.generated.GlobalStreamId;
import org.apache.storm.generated.Grouping;
import org.apache.storm.generated.NodeInfo;
import org.apache.storm.generated.StormTopology;
import org.apache.storm.grouping.CustomStreamGrouping;
import org.apache.storm.grouping.LoadAwareCustomStreamGrouping;
import org.apache.storm.grouping.LoadAwareShuffleGrouping;
import org.apache.storm.grouping.LoadMapping;
import org.apache.storm.grouping.PartialKeyGrouping;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.task.WorkerTopologyContext;
import org.apache.storm.tuple.Fields;
import org.apache.storm.utils.Utils;

/**
 * What Storm's groupings choose, and what java.util.Random, hash codes and texts (as UTF-16 units) are. The
 * question is an object of lists, one for each kind of question below; the answer has the same keys.
 */
public final class GroupingOracle {
    private GroupingOracle() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err); // Storm logs to standard output
        String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        Map<?, ?> question = (Map<?, ?>) JSONValue.parse(text);
        Map<String, Object> answer = new HashMap<>();
        for (Map.Entry<?, ?> entry : question.entrySet()) {
            List<Object> answersOfKind = new ArrayList<>();
            for (Object each : (List<?>) entry.getValue()) {
                answersOfKind.add(answer((String) entry.getKey(), (Map<?, ?>) each));
            }
            answer.put((String) entry.getKey(), answersOfKind);
        }
        answers.write(JSONValue.toJSONString(answer).getBytes(StandardCharsets.UTF_8));
        answers.flush();
    }

    private static Object answer(String kind, Map<?, ?> question) throws Exception {
        return switch (kind) {
            case "hashes" -> Arrays.deepHashCode(GroupingValues.readAll(question.get("values")).toArray());
            case "texts" -> GroupingValues.readAll(question.get("values")).get(0).toString().chars().boxed().toList();
            case "randoms" -> randoms(question);
            case "fields" -> fields(question);
            case "partialKeys" -> partialKeys(question);
            case "loadAware" -> loadAware(question);
            case "serialized" -> serialized((String) question.get("which"));
            case "partialKeyBytes" -> partialKeyGrouping(question.get("fields"));
            default -> throw new IllegalArgumentException("no question " + kind);
        };
    }

    private static List<String> randoms(Map<?, ?> question) {
        Random random = new Random(Long.parseLong((String) question.get("seed")));
        List<String> drawn = new ArrayList<>();
        for (Object bound : (List<?>) question.get("bounds")) {
            int most = ((Number) bound).intValue();
            drawn.add(most == 0 ? Long.toString(random.nextLong()) : Integer.toString(random.nextInt(most)));
        }
        return drawn;
    }

    private static List<Integer> fields(Map<?, ?> question) {
        Fields streamFields = new Fields(strings(question.get("streamFields")));
        Grouping grouping = Grouping.fields(strings(question.get("fields")));
        LoadAwareCustomStreamGrouping grouper =
            GrouperFactory.mkGrouper(null, "s", "default", streamFields, grouping, ints(question.get("tasks")), Map.of());
        return grouper.chooseTasks(1, GroupingValues.readAll(question.get("values")));
    }

    private static List<List<Integer>> partialKeys(Map<?, ?> question) {
        List<String> streamFields = strings(question.get("streamFields"));
        byte[] bytes = Base64.getDecoder().decode(partialKeyGrouping(question.get("fields")));
        LoadAwareCustomStreamGrouping grouper = GrouperFactory.mkGrouper(
            context(streamFields, Map.of()), "s", "default", new Fields(streamFields), Grouping.custom_serialized(bytes),
            ints(question.get("tasks")), Map.of());
        List<List<Integer>> chosen = new ArrayList<>();
        for (Object values : (List<?>) question.get("sequence")) {
            chosen.add(grouper.chooseTasks(1, GroupingValues.readAll(values)));
        }
        return chosen;
    }

    /** Draws after each report of loads, from a generator seeded after the class has prepared itself. */
    private static Object loadAware(Map<?, ?> question) throws Exception {
        Map<Integer, NodeInfo> places = new HashMap<>();
        ((Map<?, ?>) question.get("places")).forEach((task, place) -> {
            String[] parts = ((String) place).split(":");
            places.put(Integer.valueOf((String) task), new NodeInfo(parts[0], Set.of(Long.valueOf(parts[1]))));
        });
        LoadAwareShuffleGrouping grouper = new LoadAwareShuffleGrouping();
        grouper.prepare(context(List.of("x"), places), new GlobalStreamId("s", "default"), ints(question.get("tasks")));
        Field random = LoadAwareShuffleGrouping.class.getDeclaredField("random");
        random.setAccessible(true);
        random.set(grouper, new Random(((Number) question.get("seed")).longValue()));
        List<Object> rounds = new ArrayList<>();
        for (Object report : (List<?>) question.get("reports")) {
            LoadMapping mapping = new LoadMapping();
            Map<Integer, Double> loads = new HashMap<>();
            ((Map<?, ?>) report).forEach((task, load) -> loads.put(Integer.valueOf((String) task), ((Number) load).doubleValue()));
            mapping.setLocal(loads);
            grouper.refreshLoad(mapping);
            List<Integer> chosen = new ArrayList<>();
            for (int i = 0; i < ((Number) question.get("draws")).intValue(); i++) {
                chosen.addAll(grouper.chooseTasks(1, List.of()));
            }
            rounds.add(Map.of("scope", String.valueOf((Object) grouper.getCurrentScope()), "chosen", chosen));
        }
        return rounds;
    }

    private static String serialized(String which) {
        return switch (which) {
            case "partial key with a selector of its own" -> encode(new PartialKeyGrouping(new Fields("x"),
                (tasks, key) -> new int[] {tasks.get(0)}));
            case "own class" -> encode(new OddGrouping());
            case "no grouping" -> Base64.getEncoder().encodeToString(Utils.javaSerialize(new ArrayList<>(List.of("a", 1L))));
            default -> throw new IllegalArgumentException("nothing serialised " + which);
        };
    }

    private static String partialKeyGrouping(Object fields) {
        return encode(fields == null ? new PartialKeyGrouping() : new PartialKeyGrouping(new Fields(strings(fields))));
    }

    private static String encode(CustomStreamGrouping grouping) {
        return Base64.getEncoder().encodeToString(Utils.javaSerialize(grouping));
    }

    /** A worker on node "here", port 1, that emits the stream default of component s. */
    private static WorkerTopologyContext context(List<String> streamFields, Map<Integer, NodeInfo> places) {
        StormTopology topology = new StormTopology(new HashMap<>(), new HashMap<>(), new HashMap<>());
        Map<String, Object> conf = new HashMap<>(Utils.readDefaultConfig());
        Map<String, String> hosts = new HashMap<>();
        places.values().forEach(node -> hosts.put(node.get_node(), node.get_node() + ".example"));
        hosts.put("here", "here.example");
        return new WorkerTopologyContext(topology, conf, new HashMap<>(), new HashMap<>(),
            Map.of("s", Map.of("default", new Fields(streamFields))), "topology", "", "", 1, List.of(),
            new HashMap<>(), new HashMap<>(), new AtomicReference<>(places), "here", new AtomicReference<>(hosts));
    }

    private static List<String> strings(Object list) {
        List<String> strings = new ArrayList<>();
        ((List<?>) list).forEach(each -> strings.add((String) each));
        return strings;
    }

    private static List<Integer> ints(Object list) {
        List<Integer> ints = new ArrayList<>();
        ((List<?>) list).forEach(each -> ints.add(((Number) each).intValue()));
        return ints;
    }

    /** A grouping of a user's own, with fields of every kind that a serialised object may have. */
    private static final class OddGrouping implements CustomStreamGrouping {
        private static final long serialVersionUID = 1L;
        private final byte small = -3;
        private final char letter = 'ß';
        private final double half = 0.5;
        private final float quarter = 0.25f;
        private final long large = Long.MIN_VALUE;
        private final short brief = -300;
        private final boolean odd = true;
        private final int[][] table = {{1, -2}, {}};
        private final String text = "nul\0, \u00e9, \ud83d\ude00";
        private final Map<String, Object> map = new HashMap<>(Map.of("set", new java.util.TreeSet<>(List.of(1, 2))));
        private final Thread.State state = Thread.State.BLOCKED;
        private final Class<?> type = OddGrouping.class;
        private final Object self = this;

        @Override
        public void prepare(WorkerTopologyContext context, GlobalStreamId stream, List<Integer> targetTasks) {
        }

        @Override
        public List<Integer> chooseTasks(int taskId, List<Object> values) {
            return List.of();
        }
    }
}
