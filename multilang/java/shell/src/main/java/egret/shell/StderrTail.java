package egret.shell;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import org.slf4j.Logger;

/**
 * Reads a child's standard error. Each line goes to the worker's log; the last ones are kept for the errors
 * of the child.
 */
final class StderrTail implements Runnable {
    private static final int LINES_KEPT_MAX = 20;
    /** A line that never ends is cut. */
    private static final int LINE_CHARS_MAX = 8192;

    private final InputStream stderr;
    private final Logger log;
    private final ArrayDeque<String> lines = new ArrayDeque<>();

    StderrTail(InputStream stderr, Logger log) {
        this.stderr = stderr;
        this.log = log;
    }

    @Override
    public void run() {
        StringBuilder line = new StringBuilder();
        char[] chars = new char[LINE_CHARS_MAX];
        try (Reader reader = new InputStreamReader(stderr, StandardCharsets.UTF_8)) {
            for (int read = reader.read(chars); read >= 0; read = reader.read(chars)) {
                for (int i = 0; i < read; i++) {
                    if (chars[i] == '\n' || line.length() == LINE_CHARS_MAX) {
                        add(line);
                    }
                    if (chars[i] != '\n') {
                        line.append(chars[i]);
                    }
                }
            }
        } catch (IOException e) {
            // the stream was closed under us: the child is gone
        }
        if (!line.isEmpty()) {
            add(line);
        }
    }

    private void add(StringBuilder text) {
        String line = text.toString();
        text.setLength(0);
        log.info("{}", line);
        synchronized (lines) {
            if (lines.size() == LINES_KEPT_MAX) {
                lines.removeFirst();
            }
            lines.addLast(line);
        }
    }

    /** The last lines, oldest first. */
    List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }
}
