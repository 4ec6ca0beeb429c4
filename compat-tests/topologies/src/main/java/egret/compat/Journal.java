package egret.compat;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.storm.task.TopologyContext;

/**
 * Lines that a task appends to `chaos.out`/COMPONENT-TASK.log. Each line is one write and ends with a
 * semicolon: a killed process tears at most its last line, and the next process that opens the file starts on
 * a new line. Each opening writes a line `o PID MS`.
 */
final class Journal {
    private static final long pid = ProcessHandle.current().pid();
    private final Path file;
    private final OutputStream out;

    private Journal(Path file) throws IOException {
        this.file = file;
        out = new FileOutputStream(file.toFile(), true);
    }

    static Journal open(Map<String, Object> conf, TopologyContext context) {
        Path file = Path.of((String) conf.get("chaos.out"))
            .resolve(context.getThisComponentId() + "-" + context.getThisTaskId() + ".log");
        try {
            Journal journal = new Journal(file);
            if (journal.isTorn()) {
                journal.out.write('\n');
            }
            journal.write("o " + pid + " " + System.currentTimeMillis());
            return journal;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isTorn() throws IOException {
        try (RandomAccessFile read = new RandomAccessFile(file.toFile(), "r")) {
            if (read.length() == 0) {
                return false;
            }
            read.seek(read.length() - 1);
            return read.read() != '\n';
        }
    }

    /** The whole lines so far. */
    List<String> lines() {
        try {
            return Files.readAllLines(file).stream().filter(line -> line.endsWith(";"))
                .map(line -> line.substring(0, line.length() - 1)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void write(String line) {
        try {
            out.write((line + ";\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** `KIND MS DETAILS`. */
    void event(String kind, String details) {
        write(kind + " " + System.currentTimeMillis() + " " + details);
    }
}
