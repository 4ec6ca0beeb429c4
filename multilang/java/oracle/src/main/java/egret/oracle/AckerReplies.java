package egret.oracle;

import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.storm.daemon.Acker;
import org.apache.storm.shade.net.minidev.json.JSONValue;
import org.apache.storm.task.IOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.tuple.Tuple;

/**
 * What Storm's Acker answers. Question: scripts, each a list of messages {kind, root, value, spoutTask} with
 * 64-bit ids as decimal texts; kind is a stream id of the acker's or "__tick". Answer: for each script the
 * list of replies "message index, task, stream, root" in order.
 */
public final class AckerReplies {
    private AckerReplies() {
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err);
        List<Object> all = new ArrayList<>();
        String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        for (Object script : (List<?>) JSONValue.parse(text)) {
            all.add(run((List<?>) script));
        }
        answers.println(JSONValue.toJSONString(all));
    }

    private static List<String> run(List<?> script) {
        List<String> replies = new ArrayList<>();
        int[] index = {0};
        IOutputCollector collector = (IOutputCollector) Proxy.newProxyInstance(
            AckerReplies.class.getClassLoader(), new Class<?>[] {IOutputCollector.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("emitDirect")) {
                    List<?> values = (List<?>) arguments[3];
                    replies.add(index[0] + "," + arguments[0] + "," + arguments[1] + "," + values.get(0));
                }
                return null;
            });
        Acker acker = new Acker();
        acker.prepare(Map.of(), null, new OutputCollector(collector));
        for (Object message : script) {
            acker.execute(tuple((Map<?, ?>) message));
            index[0]++;
        }
        return replies;
    }

    private static Tuple tuple(Map<?, ?> message) {
        String kind = (String) message.get("kind");
        boolean isTick = kind.equals("__tick");
        Object[] values = isTick ? new Object[] {30} : new Object[] {
            Long.valueOf((String) message.get("root")),
            Long.valueOf((String) message.get("value")),
            ((Number) message.get("spoutTask")).intValue(),
        };
        return (Tuple) Proxy.newProxyInstance(
            AckerReplies.class.getClassLoader(), new Class<?>[] {Tuple.class}, (proxy, method, arguments) ->
                switch (method.getName()) {
                    case "getSourceComponent" -> isTick ? "__system" : "spout";
                    case "getSourceStreamId" -> kind;
                    case "getValue", "getLong", "getInteger" -> values[(Integer) arguments[0]];
                    default -> null;
                });
    }
}
