package egret.shell;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Whether a child speaks through Storm's storm.py. That adapter (every release since 0.7, and what users made
 * of it) keeps lists of task ids that it reads while it waits for a tuple, and its emit takes the oldest.
 * Others do not: Storm's storm.js throws at a list that no emit waits for.
 */
final class StockAdapter {
    /** The lines of storm.py that do it, however they are indented. */
    private static final List<String> QUEUES = List.of("def readTaskIds():", "return pending_taskids.popleft()",
            "pending_taskids.append(msg)", "pending_commands.append(msg)", "return pending_commands.popleft()");
    private static final Pattern IMPORT = Pattern.compile("^\\s*(import\\s+storm|from\\s+storm\\s+import)\\b", Pattern.MULTILINE);
    private static final int FILE_BYTES_MAX = 1 << 20;

    private StockAdapter() {
    }

    /** The script named by the command imports a storm.py that lies beside it, where Python looks first. */
    static boolean queuesTaskIds(ChildSpec spec) {
        for (String word : spec.words()) {
            File script = word.startsWith("/") ? new File(word) : new File(spec.directory(), word);
            if (word.endsWith(".py") && IMPORT.matcher(text(script)).find()) {
                String adapter = text(new File(script.getParentFile(), "storm.py"));
                return QUEUES.stream().allMatch(adapter::contains);
            }
        }
        return false;
    }

    private static String text(File file) {
        try {
            return file.length() > FILE_BYTES_MAX ? "" : Files.readString(file.toPath(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return ""; // not there, or not ours to read: the child will say so
        }
    }
}
