package egret.host;

import java.util.ArrayList;
import java.util.List;
import org.apache.storm.messaging.IConnectionCallback;
import org.apache.storm.messaging.TaskMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns DATA frames into Storm's task messages (the reverse of {@link FrameBatch}) and hands those of one
 * read to Storm together. It is used where Storm must see messages: Storm counts their bytes
 * (topology.serialized.message.size.metrics), or its classes are not those that {@link TupleReceiver} needs.
 * A tuple that cannot be read is reported as an error of its target component and skipped. Its tree times
 * out, and the other tuples of the read are delivered.
 */
final class MessageReceiver implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(MessageReceiver.class);
    private static final int VARINT_BYTES_MAX = 5;

    private final IConnectionCallback storm;
    private final Faults faults;
    private final byte[] prefix = new byte[3 * VARINT_BYTES_MAX];
    private ArrayList<TaskMessage> messages = new ArrayList<>();

    MessageReceiver(IConnectionCallback storm, Faults faults) {
        this.storm = storm;
        this.faults = faults;
    }

    @Override
    public void dataFrame(byte[] bytes, int start, int end) throws ProtocolException {
        int target = Frame.target(bytes, start);
        int count = Frame.count(bytes, start);
        int sourceEnd = putVarint(prefix, 0, Frame.source(bytes, start));
        int streamEnd = putVarint(prefix, sourceEnd, Frame.stream(bytes, start));
        int at = start + Frame.HEADER_BYTES;
        for (int i = 0; i < count; i++) {
            int length = end - at < 4 ? -1 : Bytes.readInt(bytes, at);
            at += 4;
            if (length < 1 || length > end - at) {
                throw new ProtocolException("tuple " + (i + 1) + " of " + count + " from task "
                        + Frame.source(bytes, start) + " to " + target + " does not fit its frame");
            }
            messages.add(new TaskMessage(target, message(bytes, at, length, streamEnd)));
            at += length;
        }
        if (at != end) {
            throw new ProtocolException((end - at) + " bytes follow the last tuple of a frame to task " + target);
        }
    }

    @Override
    public void endOfRead() {
        if (messages.isEmpty()) {
            return;
        }
        List<TaskMessage> batch = messages;
        messages = new ArrayList<>(Math.max(16, batch.size()));
        try {
            storm.recv(batch);
        } catch (RuntimeException | LinkageError e) {
            receiveOneByOne(batch);
        }
    }

    /** Storm passes a batch on only when all of it could be read, so nothing of it is delivered twice. */
    private void receiveOneByOne(List<TaskMessage> batch) {
        for (TaskMessage message : batch) {
            try {
                storm.recv(List.of(message));
            } catch (RuntimeException | LinkageError e) {
                LOG.error("A tuple for task {} cannot be read and is left out", message.task(), e);
                faults.tupleFault(message.task(), e);
            }
        }
    }

    private byte[] message(byte[] bytes, int at, int length, int prefixLength) {
        int anchors = bytes[at] & 0xff;
        int from = at;
        int before = prefixLength;
        if (anchors > 127) {
            boolean isEscaped = anchors == 255 && length >= 5;
            before = putVarint(prefix, prefixLength, isEscaped ? Bytes.readInt(bytes, at + 1) : anchors);
            from += isEscaped ? 5 : 1;
        }
        int rest = at + length - from;
        byte[] message = new byte[before + rest];
        for (int i = 0; i < before; i++) {
            message[i] = prefix[i];
        }
        System.arraycopy(bytes, from, message, before, rest);
        return message;
    }

    /** Kryo's variable-length int. Returns the place behind it. */
    private static int putVarint(byte[] bytes, int start, int value) {
        int at = start;
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            bytes[at++] = (byte) (rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        bytes[at++] = (byte) rest;
        return at;
    }
}
