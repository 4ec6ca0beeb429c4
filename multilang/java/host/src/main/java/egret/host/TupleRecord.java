package egret.host;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.storm.task.GeneralTopologyContext;
import org.apache.storm.tuple.MessageId;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.TupleImpl;

/**
 * A tuple as a value of another tuple. Storm's TupleImpl is not Serializable because of its topology context.
 */
final class TupleRecord implements Serializable {
    private static final long serialVersionUID = 1;

    /** Gives received tuples their context; set by the host when it has one. */
    private static volatile Supplier<GeneralTopologyContext> context = () -> null;

    private final String sourceComponent;
    private final int sourceTask;
    private final String sourceStreamId;
    private final HashMap<Long, Long> anchors;
    private final byte[] values;

    private TupleRecord(Tuple tuple, byte[] values) {
        this.sourceComponent = tuple.getSourceComponent();
        this.sourceTask = tuple.getSourceTask();
        this.sourceStreamId = tuple.getSourceStreamId();
        this.anchors = new HashMap<>(anchors(tuple));
        this.values = values;
    }

    static void setContext(Supplier<GeneralTopologyContext> newContext) {
        context = newContext;
    }

    static TupleRecord of(Tuple tuple, ObjectCodec codec) {
        ValueWriter writer = new ValueWriter(new ObjectCodec(codec.kryo()));
        writer.writeAll(tuple.getValues());
        return new TupleRecord(tuple, Arrays.copyOf(writer.buffer(), writer.length()));
    }

    Tuple toTuple(ObjectCodec codec) {
        GeneralTopologyContext topology = context.get();
        if (topology == null) {
            throw new IllegalStateException("a tuple inside a tuple can only be read by a running worker");
        }
        ValueReader reader = new ValueReader(new ObjectCodec(codec.kryo()));
        reader.open(values, 0, values.length);
        return new TupleImpl(
                topology, reader.readAll(), sourceComponent, sourceTask, sourceStreamId, MessageId.makeId(anchors));
    }

    private static Map<Long, Long> anchors(Tuple tuple) {
        return tuple.getMessageId() == null ? Map.of() : tuple.getMessageId().getAnchorsToIds();
    }
}
