package egret.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.utils.Utils;

/**
 * A child's JSON as a message, checked and with what was left out filled in. Tolerates what Storm tolerates
 * (null for an absent field, a level that does not exist) and numbers for the ids of tuples.
 */
final class MessageReader {
    private static final int INFO_LEVEL = 2;
    private static final int LEVEL_MAX = 4;

    private MessageReader() {
    }

    /** What is wrong with a message. */
    static final class Nonsense extends Exception {
        private static final long serialVersionUID = 1;

        Nonsense(String message) {
            super(message, null, false, false);
        }
    }

    /** The process id when the message is one about that, else null. */
    static Integer pid(Object json) {
        return json instanceof Map<?, ?> fields && fields.get("command") == null
                && fields.get("pid") instanceof Integer pid && pid > 0 ? pid : null;
    }

    /** May come before the handshake is answered. */
    static boolean isEarly(ShellMsg message) {
        return switch (message.getCommand()) {
            case "log", "error", "metrics" -> true;
            default -> false;
        };
    }

    static ShellMsg message(Object json) throws Nonsense {
        if (!(json instanceof Map<?, ?> fields)) {
            throw new Nonsense("JSON that is not an object");
        }
        Object command = fields.get("command");
        if (command == null) {
            throw new Nonsense("a message with neither \"command\" nor \"pid\"");
        }
        if (!(command instanceof String name)) {
            throw new Nonsense("a message whose \"command\" is no string");
        }
        ShellMsg message = new ShellMsg();
        message.setCommand(name);
        switch (name) {
            case "emit" -> emit(fields, message);
            case "ack", "fail" -> message.setId(tupleId(fields.get("id"), "\"" + name + "\""));
            case "log" -> {
                message.setMsg(text(fields.get("msg")));
                Object level = fields.get("level");
                message.setLogLevel(level instanceof Integer number && number >= 0 && number <= LEVEL_MAX ? number : INFO_LEVEL);
            }
            case "error" -> message.setMsg(text(fields.get("msg")));
            case "metrics" -> {
                message.setMetricName(text(fields.get("name")));
                message.setMetricParams(fields.get("params"));
            }
            default -> { } // sync, and what only the component can judge
        }
        return message;
    }

    @SuppressWarnings("unchecked") // the reader's lists are lists of objects
    private static void emit(Map<?, ?> fields, ShellMsg message) throws Nonsense {
        if (!(fields.get("tuple") instanceof List<?> values)) {
            throw new Nonsense("an \"emit\" whose \"tuple\" is no array");
        }
        message.setTuple((List<Object>) values);
        Object stream = fields.get("stream");
        if (stream != null && !(stream instanceof String)) {
            throw new Nonsense("an \"emit\" whose \"stream\" is no string");
        }
        message.setStream(stream == null ? Utils.DEFAULT_STREAM_ID : (String) stream);
        Object task = fields.get("task");
        if (task != null && !(task instanceof Integer id && id >= 0)) {
            throw new Nonsense("an \"emit\" whose \"task\" is no task id");
        }
        message.setTask(task == null ? 0 : (Integer) task);
        message.setId(fields.get("id"));
        message.setNeedTaskIds(!Boolean.FALSE.equals(fields.get("need_task_ids")));
        message.setAnchors(anchors(fields.get("anchors")));
    }

    private static List<String> anchors(Object json) throws Nonsense {
        if (json == null) {
            return List.of();
        }
        if (!(json instanceof List<?> ids)) {
            return List.of(tupleId(json, "an anchor"));
        }
        List<String> anchors = new ArrayList<>(ids.size());
        for (Object id : ids) {
            anchors.add(tupleId(id, "an anchor"));
        }
        return anchors;
    }

    private static String tupleId(Object id, String what) throws Nonsense {
        if (id instanceof String || id instanceof Integer || id instanceof Long) {
            return id.toString();
        }
        throw new Nonsense(what + " without the id of a tuple");
    }

    private static String text(Object json) {
        return json == null ? "" : json instanceof String text ? text : JsonWriter.textOf(json);
    }
}
