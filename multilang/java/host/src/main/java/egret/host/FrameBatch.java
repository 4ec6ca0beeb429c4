package egret.host;

import java.util.Arrays;
import java.util.Iterator;
import org.apache.storm.messaging.TaskMessage;

/**
 * Turns Storm's task messages into DATA frames. A message is `varint source, varint stream, varint anchors,
 * anchors, values` (KryoTupleSerializer 2.8); from the anchors on it is what docs/wire.md asks for, because
 * Kryo writes longs little-endian and {@link ValuesSerializer} wrote the values. So a tuple costs one copy.
 *
 * Tuples of one source for one target keep their order; those of different sources may pass each other, which
 * saves frames when several executors send to one task. Not thread safe.
 */
final class FrameBatch {
    private static final int TUPLE_HEADER_BYTES = 4;
    private static final int BUFFER_BYTES = 256 << 10;
    /** One byte of anchor count is the same in Storm's varint and on the wire up to here. */
    private static final int SAME_ANCHOR_COUNT_MAX = 127;
    private static final int MANY_ANCHORS = 255;

    private final Link link;
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int position;
    /** The messages for one target, their sources and streams, and where what we send of them begins. */
    private byte[][] messages = new byte[1024][];
    private int[] sources = new int[1024];
    private int[] streams = new int[1024];
    private int[] starts = new int[1024];
    private int count;
    /** Set by {@link #varint}: the place behind the number. */
    private int after;

    FrameBatch(Link link) {
        this.link = link;
    }

    /** Sends all messages. Storm's drainer gives those for one task in one run (TransferDrainer 2.8). */
    void send(Iterator<TaskMessage> all) {
        int target = -1;
        while (all.hasNext()) {
            TaskMessage message = all.next();
            if (message.task() != target) {
                frameRun(target);
                target = message.task();
            }
            add(message.message());
        }
        frameRun(target);
        flush();
    }

    private void add(byte[] message) {
        if (count == messages.length) {
            growRun();
        }
        messages[count] = message;
        sources[count] = varint(message, 0);
        streams[count] = varint(message, after);
        starts[count] = after;
        count++;
    }

    private void growRun() {
        messages = Arrays.copyOf(messages, 2 * count);
        sources = Arrays.copyOf(sources, 2 * count);
        streams = Arrays.copyOf(streams, 2 * count);
        starts = Arrays.copyOf(starts, 2 * count);
    }

    /** Frames the gathered messages, source by source, each source in its order. */
    private void frameRun(int target) {
        for (int i = 0; i < count; i++) {
            if (messages[i] != null) {
                frameSource(target, i);
            }
        }
        count = 0;
    }

    private void frameSource(int target, int first) {
        int source = sources[first];
        int stream = -1;
        int frameStart = -1;
        int tuples = 0;
        for (int i = first; i < count; i++) {
            byte[] message = messages[i];
            if (message == null || sources[i] != source) {
                continue;
            }
            int bytes = TUPLE_HEADER_BYTES + message.length - starts[i] + 8;
            boolean isFull = frameStart >= 0 && position - frameStart + bytes > Frame.BYTES_TARGET;
            if (streams[i] != stream || isFull) {
                closeFrame(frameStart, tuples);
                stream = streams[i];
                reserve(Frame.HEADER_BYTES + bytes);
                frameStart = position;
                tuples = 0;
                Frame.putHeader(buffer, position, target, stream, source);
                position += Frame.HEADER_BYTES;
            }
            putTuple(message, starts[i]);
            messages[i] = null;
            tuples++;
        }
        closeFrame(frameStart, tuples);
    }

    /**
     * Frames are closed before they exceed the target size, so only the first tuple of a frame can need more
     * than the space reserved for a frame.
     */
    private void reserve(int bytes) {
        int needed = Math.max(bytes, Frame.HEADER_BYTES + Frame.BYTES_TARGET);
        if (needed > buffer.length - position) {
            flush();
        }
        if (needed > buffer.length) {
            buffer = new byte[needed];
        }
    }

    private void putTuple(byte[] message, int start) {
        int at = position;
        int to = at + TUPLE_HEADER_BYTES;
        int from = start;
        int anchors = message[start] & 0xff;
        if (anchors > SAME_ANCHOR_COUNT_MAX) {
            anchors = varint(message, start);
            from = after;
            if (anchors < MANY_ANCHORS) {
                buffer[to++] = (byte) anchors;
            } else {
                buffer[to] = (byte) MANY_ANCHORS;
                Bytes.putInt(buffer, to + 1, anchors);
                to += 5;
            }
        }
        int length = message.length - from;
        System.arraycopy(message, from, buffer, to, length);
        position = to + length;
        Bytes.putInt(buffer, at, position - at - TUPLE_HEADER_BYTES);
    }

    private void closeFrame(int start, int tuples) {
        if (start < 0) {
            return;
        }
        int bodyBytes = position - start - Frame.HEADER_BYTES;
        if (bodyBytes > Frame.BODY_BYTES_MAX) {
            // the sender's ValuesSerializer has refused such a tuple; only a million anchors could bring one
            // here
            position = start;
            return;
        }
        Frame.close(buffer, start, position, tuples, Frame.TYPE_DATA);
    }

    private void flush() {
        if (position > 0) {
            link.write(buffer, position);
            position = 0;
        }
        if (buffer.length > BUFFER_BYTES) {
            buffer = new byte[BUFFER_BYTES];
        }
    }

    /** Kryo's variable-length int: seven bits a byte, lowest first. */
    private int varint(byte[] bytes, int start) {
        int at = start;
        int value = 0;
        for (int shift = 0;; shift += 7) {
            byte part = bytes[at++];
            value |= (part & 0x7f) << shift;
            if (part >= 0 || shift >= 28) {
                after = at;
                return value;
            }
        }
    }
}
