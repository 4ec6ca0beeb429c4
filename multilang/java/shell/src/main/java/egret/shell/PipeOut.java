package egret.shell;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A child's standard input, as serializers see it. It gathers what they write, even if they flush, until
 * {@link #push} writes it in one piece: an adapter wakes up for each write that it sees. Not thread safe: a
 * thread that writes holds the child's output lock.
 */
final class PipeOut extends OutputStream {
    private static final int BYTES_INITIAL = 1 << 13;
    private static final int BYTES_KEPT_MAX = 1 << 20;

    private final OutputStream pipe;
    private final Signs signs;
    private byte[] bytes = new byte[BYTES_INITIAL];
    private int count;
    private long pushedBytes;
    /** A flush writes at once until the handshake is answered, because no other code would push. */
    private boolean isFlushing = true;

    PipeOut(OutputStream pipe, Signs signs) {
        this.pipe = pipe;
        this.signs = signs;
    }

    @Override
    public void write(int b) {
        reserve(1);
        bytes[count++] = (byte) b;
    }

    @Override
    public void write(byte[] source, int offset, int length) {
        reserve(length);
        System.arraycopy(source, offset, bytes, count, length);
        count += length;
    }

    /** The characters' low bytes: for text that is ASCII. */
    @SuppressWarnings("deprecation") // the only method that copies bytes without a temporary array
    void ascii(String text) {
        int length = text.length();
        reserve(length);
        text.getBytes(0, length, bytes, count);
        count += length;
    }

    @Override
    public void flush() throws IOException {
        if (isFlushing) {
            push();
        }
    }

    void gather() {
        isFlushing = false;
    }

    /** Hands over what has gathered. Blocks while the pipe is full. */
    void push() throws IOException {
        if (count == 0) {
            return;
        }
        pipe.write(bytes, 0, count);
        pipe.flush();
        pushedBytes += count;
        count = 0;
        if (bytes.length > BYTES_KEPT_MAX) {
            bytes = new byte[BYTES_INITIAL];
        }
        signs.sign();
    }

    int gathered() {
        return count;
    }

    String gatheredText() {
        return new String(bytes, 0, count, StandardCharsets.UTF_8);
    }

    /** Takes back what was written since there were so many bytes. */
    void rollBack(int toGathered) {
        count = Math.min(count, toGathered);
    }

    /** All bytes written ever, pushed or not. */
    long position() {
        return pushedBytes + count;
    }

    /** The end of input, for the child. What has not been pushed is lost. */
    @Override
    public void close() throws IOException {
        pipe.close();
    }

    private void reserve(int more) {
        if (bytes.length - count < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, Math.addExact(count, more)));
        }
    }
}
