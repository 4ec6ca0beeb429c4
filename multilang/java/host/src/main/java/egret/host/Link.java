package egret.host;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The connection to the stream manager. Tuples are written by the thread that has them and block it while the
 * stream manager does not read; control messages wait in a small table of their own and are written by a
 * thread of the link, so that the thread that reads never waits for the other side to read.
 *
 * The channel does not block: a thread interrupted inside a blocking write would close it, and Storm
 * interrupts its transfer thread when a worker ends.
 */
final class Link implements AutoCloseable {
    /** The most control messages that may wait. Above this, {@link #sendControl} drops its message. */
    private static final int CONTROL_MESSAGES_MAX = 1000;
    private static final int READ_BYTES = 256 << 10;
    private static final int WRITE_BYTES = 256 << 10;
    /** How long a write continues after its thread was interrupted, so that no frame is left half written. */
    private static final long INTERRUPTED_WRITE_MS = 500;
    private static final long SELECT_MS = 1000;

    private final SocketChannel channel;
    private final Selector readable;
    private final Selector writable;
    private final Object writing = new Object();
    /** By slot: a message with the slot of one that still waits takes its place. Guarded by itself. */
    private final Map<String, byte[]> waiting = new LinkedHashMap<>();
    private long messages;
    private boolean isWritingControl;
    private volatile boolean isBroken;

    Link(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
        readable = Selector.open();
        writable = Selector.open();
        channel.register(readable, SelectionKey.OP_READ);
        channel.register(writable, SelectionKey.OP_WRITE);
        Thread writer = new Thread(this::writeControl, "egret-link-control");
        writer.setDaemon(true);
        writer.start();
    }

    /** Takes the frames of one connection, in order, on the thread that called {@link #read}. */
    interface Sink {
        /** The bytes are the link's and are overwritten after the call. */
        void dataFrame(byte[] bytes, int start, int end) throws IOException;

        void controlFrame(String json) throws IOException;

        /** All frames of one read have been given. */
        void endOfRead();
    }

    /** Sends a message that the receiver must get. */
    void sendControl(String json) {
        synchronized (waiting) {
            if (waiting.size() < CONTROL_MESSAGES_MAX) {
                waiting.put("message " + messages++, encode(json));
                waiting.notifyAll();
            }
        }
    }

    /**
     * Sends a message of which only the latest matters: it replaces a message that still waits in the same
     * slot.
     */
    void sendLatest(String slot, String json) {
        synchronized (waiting) {
            waiting.put(slot, encode(json));
            waiting.notifyAll();
        }
    }

    /** Waits until the control messages are with the kernel, at most so long. */
    void drain(long limitMs) {
        long deadline = System.nanoTime() + limitMs * 1_000_000;
        synchronized (waiting) {
            while ((!waiting.isEmpty() || isWritingControl) && !isBroken) {
                long leftMs = (deadline - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0) {
                    return;
                }
                try {
                    waiting.wait(leftMs);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    /**
     * Writes whole frames. Blocks while the stream manager does not read them. Does nothing once the link is
     * broken.
     */
    void write(byte[] bytes, int length) {
        synchronized (writing) {
            if (isBroken) {
                return;
            }
            boolean wasInterrupted = false;
            try {
                for (int at = 0; at < length && !isBroken; at += WRITE_BYTES) {
                    wasInterrupted |= writeAll(ByteBuffer.wrap(bytes, at, Math.min(length - at, WRITE_BYTES)));
                }
            } catch (IOException e) {
                isBroken = true; // the reader sees the end of the connection and ends the process
            } finally {
                if (wasInterrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    private boolean writeAll(ByteBuffer bytes) throws IOException {
        boolean wasInterrupted = Thread.interrupted();
        long deadline = wasInterrupted ? giveUpAt() : 0;
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) > 0) {
                continue;
            }
            writable.selectedKeys().clear();
            writable.select(deadline == 0 ? SELECT_MS : 50);
            if (Thread.interrupted()) {
                wasInterrupted = true;
                deadline = deadline == 0 ? giveUpAt() : deadline;
            }
            if (deadline != 0 && System.nanoTime() > deadline) {
                isBroken = true;
                break;
            }
        }
        return wasInterrupted;
    }

    private static long giveUpAt() {
        return System.nanoTime() + INTERRUPTED_WRITE_MS * 1_000_000;
    }

    /** Gives frames to the sink until the stream manager closes the connection; then returns. */
    void read(Sink sink) throws IOException {
        byte[] bytes = new byte[READ_BYTES];
        int held = 0;
        while (true) {
            // not more at once: the JDK copies through a buffer of that size outside the heap, and keeps it
            int count = channel.read(ByteBuffer.wrap(bytes, held, Math.min(bytes.length - held, READ_BYTES)));
            if (count < 0) {
                return;
            }
            if (count == 0) {
                readable.selectedKeys().clear();
                readable.select(SELECT_MS);
                continue;
            }
            held += count;
            int used = giveFrames(bytes, held, sink);
            sink.endOfRead();
            held -= used;
            byte[] next = bufferFor(bytes, used, held);
            if (used > 0 || next != bytes) {
                System.arraycopy(bytes, used, next, 0, held);
            }
            bytes = next;
        }
    }

    /** Returns how many bytes the complete frames took. */
    private static int giveFrames(byte[] bytes, int held, Sink sink) throws IOException {
        int at = 0;
        while (held - at >= Frame.HEADER_BYTES) {
            int end = at + Frame.bytes(bytes, at);
            if (end > held) {
                break;
            }
            switch (Frame.type(bytes, at)) {
                case Frame.TYPE_DATA -> sink.dataFrame(bytes, at, end);
                case Frame.TYPE_CONTROL -> sink.controlFrame(
                        new String(bytes, at + Frame.HEADER_BYTES, end - at - Frame.HEADER_BYTES, StandardCharsets.UTF_8));
                default -> throw new ProtocolException("frame type " + (Frame.type(bytes, at) & 0xff) + ", expected 1 or 2");
            }
            at = end;
        }
        return at;
    }

    /**
     * A frame longer than the buffer gets a larger buffer; the next short frame returns to the usual size.
     */
    private static byte[] bufferFor(byte[] bytes, int used, int held) throws ProtocolException {
        int needed = held >= Frame.HEADER_BYTES ? Frame.bytes(bytes, used) : 0;
        int size = Math.max(READ_BYTES, needed);
        return size == bytes.length ? bytes : new byte[size];
    }

    private void writeControl() {
        while (true) {
            byte[] frame;
            synchronized (waiting) {
                isWritingControl = false;
                waiting.notifyAll();
                while (waiting.isEmpty()) {
                    try {
                        waiting.wait();
                    } catch (InterruptedException e) {
                        return; // close
                    }
                }
                var first = waiting.entrySet().iterator();
                frame = first.next().getValue();
                first.remove();
                isWritingControl = true;
            }
            write(frame, frame.length);
        }
    }

    private static byte[] encode(String json) {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        byte[] frame = new byte[Frame.HEADER_BYTES + body.length];
        System.arraycopy(body, 0, frame, Frame.HEADER_BYTES, body.length);
        Frame.close(frame, 0, frame.length, 1, Frame.TYPE_CONTROL);
        return frame;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
