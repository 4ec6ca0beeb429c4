package egret.shell;

import java.util.List;
import java.util.Map;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.utils.Utils;

/**
 * Checks the emits of one task's child before Storm receives them: an emit that would kill Storm's executor
 * ends the child instead.
 */
final class Emission {
    private final String componentId;
    private final Map<String, List<String>> fieldsByStream;

    Emission(TopologyContext context) {
        componentId = context.getThisComponentId();
        fieldsByStream = context.getThisOutputFieldsForStreams();
    }

    /**
     * Returns the stream of an emit. Throws {@link ChildFault} for an undeclared stream or a wrong number of
     * values.
     */
    String check(ShellMsg message) throws ChildFault {
        String stream = message.getStream() == null ? Utils.DEFAULT_STREAM_ID : message.getStream();
        List<String> fields = fieldsByStream.get(stream);
        if (fields == null) {
            throw new ChildFault("Unknown stream ID: " + stream + ". Component " + componentId + " declares ["
                    + String.join(", ", fieldsByStream.keySet()) + "]");
        }
        List<Object> values = message.getTuple();
        int found = values == null ? 0 : values.size();
        if (found != fields.size()) {
            throw new ChildFault("Tuple created with wrong number of fields. Expected " + fields.size() + " fields but got "
                    + found + " fields: component " + componentId + ", stream " + stream + " [" + String.join(", ", fields) + "]");
        }
        return stream;
    }

    /** What an emit threw, for the child's end. */
    static ChildFault refused(RuntimeException e) {
        return new ChildFault(e instanceof IllegalArgumentException ? e.getMessage() : "emitted what cannot be sent: " + e, e);
    }
}
