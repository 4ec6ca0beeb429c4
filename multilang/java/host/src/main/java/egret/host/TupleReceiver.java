package egret.host;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import org.apache.storm.daemon.worker.WorkerState.ILocalTransferCallback;
import org.apache.storm.serialization.SerializationFactory;
import org.apache.storm.serialization.SerializationFactory.IdDictionary;
import org.apache.storm.task.GeneralTopologyContext;
import org.apache.storm.tuple.AddressedTuple;
import org.apache.storm.tuple.MessageId;
import org.apache.storm.tuple.TupleImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes Storm's tuples straight from frames, as DeserializingConnectionCallback and KryoTupleDeserializer 2.8
 * make them from messages. Source and stream are looked up once a frame instead of once a tuple, and nothing
 * is copied in between: half the cost of the thread that everything from outside comes through.
 *
 * A tuple that cannot be read is reported as an error of the component it was for and left out; its tree
 * times out.
 */
final class TupleReceiver implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(TupleReceiver.class);
    private static final int ANCHOR_BYTES = 16;
    private static final int MANY_ANCHORS = 255;
    /** A list above this is not kept for the next read. */
    private static final int TUPLES_KEPT = 1 << 16;

    private final GeneralTopologyContext context;
    private final ILocalTransferCallback queues;
    private final IntPredicate isOwnTask;
    private final Faults faults;
    private final IdDictionary streams;
    private final ValueReader values;
    /** By source task and stream number. */
    private final Map<Integer, Source> sources = new HashMap<>();
    private int lastKey;
    private Source last;
    private ArrayList<AddressedTuple> tuples = new ArrayList<>();
    private long strangers;

    private record Source(String component, String stream) {
    }

    TupleReceiver(StormInternals storm, IntPredicate isOwnTask, Faults faults) {
        this.context = storm.context();
        this.queues = storm.queues();
        this.isOwnTask = isOwnTask;
        this.faults = faults;
        this.streams = new IdDictionary(context.getRawTopology());
        this.values = new ValueReader(new ObjectCodec(SerializationFactory.getKryo(storm.conf())));
    }

    @Override
    public void dataFrame(byte[] bytes, int start, int end) throws ProtocolException {
        int target = Frame.target(bytes, start);
        int sourceTask = Frame.source(bytes, start);
        Source source = source(sourceTask, Frame.stream(bytes, start));
        int count = Frame.count(bytes, start);
        if (!isOwnTask.test(target)) {
            stranger(target, count);
            return;
        }
        int at = start + Frame.HEADER_BYTES;
        for (int i = 0; i < count; i++) {
            int length = end - at < 4 ? -1 : Bytes.readInt(bytes, at);
            at += 4;
            if (length < 1 || length > end - at) {
                throw new ProtocolException("tuple " + (i + 1) + " of " + count + " from task " + sourceTask
                        + " to " + target + " does not fit its frame");
            }
            add(target, sourceTask, source, bytes, at, at + length);
            at += length;
        }
        if (at != end) {
            throw new ProtocolException((end - at) + " bytes follow the last tuple of a frame to task " + target);
        }
    }

    @Override
    public void endOfRead() {
        if (tuples.isEmpty()) {
            return;
        }
        queues.transfer(tuples);
        if (tuples.size() > TUPLES_KEPT) {
            tuples = new ArrayList<>();
        } else {
            tuples.clear();
        }
    }

    private void add(int target, int sourceTask, Source source, byte[] bytes, int start, int end) {
        try {
            int anchors = bytes[start] & 0xff;
            int at = start + 1;
            if (anchors == MANY_ANCHORS) {
                anchors = end - at < 4 ? -1 : Bytes.readInt(bytes, at);
                at += 4;
            }
            if (anchors < 0 || (long) anchors * ANCHOR_BYTES > end - at) {
                throw new CorruptValuesException(anchors + " anchors do not fit into " + (end - start) + " bytes");
            }
            MessageId id = messageId(bytes, at, anchors);
            values.open(bytes, at + anchors * ANCHOR_BYTES, end);
            if (source.stream() == null) {
                throw new CorruptValuesException("task " + sourceTask + " (" + source.component() + ") has no such stream");
            }
            tuples.add(new AddressedTuple(target,
                    new TupleImpl(context, values.readAll(), source.component(), sourceTask, source.stream(), id)));
        } catch (RuntimeException | LinkageError e) {
            LOG.error("A tuple for task {} cannot be read and is left out", target, e);
            faults.tupleFault(target, e);
        }
    }

    private static MessageId messageId(byte[] bytes, int start, int anchors) {
        if (anchors == 0) {
            return MessageId.makeUnanchored();
        }
        Map<Long, Long> edges = new HashMap<>(anchors <= 3 ? 4 : anchors * 4 / 3 + 1);
        for (int i = 0, at = start; i < anchors; i++, at += ANCHOR_BYTES) {
            edges.put(Bytes.readLong(bytes, at), Bytes.readLong(bytes, at + 8));
        }
        return MessageId.makeId(edges);
    }

    private Source source(int task, int stream) {
        int key = task << 16 | stream;
        if (last == null || key != lastKey) {
            last = sources.computeIfAbsent(key, k -> lookUp(task, stream));
            lastKey = key;
        }
        return last;
    }

    /**
     * An unknown task or stream has no name. Its tuples are refused one by one, so that the errors are
     * reported.
     */
    private Source lookUp(int task, int stream) {
        String component = context.getComponentId(task);
        try {
            return new Source(component, component == null ? null : streams.getStreamName(component, stream));
        } catch (RuntimeException e) {
            return new Source(component, null);
        }
    }

    /** Frames come here by a plan that is not this worker's; said once, as there may be many. */
    private void stranger(int target, int count) {
        if (strangers == 0) {
            LOG.warn("Tuples for task {}, which is not in this worker, are left out", target);
        }
        strangers += count;
    }
}
