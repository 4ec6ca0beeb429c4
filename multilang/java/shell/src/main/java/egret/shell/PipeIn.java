package egret.shell;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A child's standard output; every read of it is a sign of life. */
final class PipeIn extends FilterInputStream {
    private final Signs signs;

    PipeIn(InputStream pipe, Signs signs) {
        super(pipe);
        this.signs = signs;
    }

    @Override
    public int read() throws IOException {
        int b = in.read();
        signs.sign();
        return b;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int read = in.read(bytes, offset, length);
        signs.sign();
        return read;
    }
}
