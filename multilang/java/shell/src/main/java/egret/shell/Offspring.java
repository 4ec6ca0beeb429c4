package egret.shell;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The processes that a child has started. While the child lives, they are its descendants. Once it is dead,
 * they have another parent, so a variable in their environment names the child that started them. (A Java
 * program can neither make process groups nor signal them.)
 */
final class Offspring {
    static final String VARIABLE = "EGRET_SHELL_CHILD";
    private static final Path PROCESSES = Path.of("/proc");
    private static final String SESSION = session(PROCESSES.resolve("self"));

    private Offspring() {
    }

    /** Kills a process and all that descends from it. */
    static void kill(ProcessHandle process) {
        List<ProcessHandle> descendants = process.descendants().toList();
        process.destroyForcibly();
        descendants.forEach(ProcessHandle::destroyForcibly);
    }

    /** Kills what still carries the mark of a child that is gone. */
    static void killMarked(String mark) {
        byte[] wanted = (VARIABLE + "=" + mark + "\0").getBytes(StandardCharsets.UTF_8);
        Set<Long> adopted = adopted();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
            for (Path process : processes) {
                long pid = Long.parseLong(process.getFileName().toString());
                if ((adopted.contains(pid) || isOfOurSession(process)) && contains(environment(process), wanted)) {
                    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
                }
            }
        } catch (IOException e) {
            // no /proc: then the worker's end is theirs
        }
    }

    /**
     * What descends from our parent. That is the helper which contains this worker, and a subreaper:
     * processes in sessions of their own become its children when they lose their parents. Empty when our
     * parent is the first process of the machine.
     */
    private static Set<Long> adopted() {
        Optional<ProcessHandle> parent = ProcessHandle.current().parent().filter(found -> found.pid() > 1);
        return parent.stream().flatMap(ProcessHandle::descendants).map(ProcessHandle::pid).collect(Collectors.toSet());
    }

    /**
     * Limits the search to our own session: processes of other sessions are not ours to inspect, and reading
     * their environment may take long, since their memory may be locked.
     */
    private static boolean isOfOurSession(Path process) {
        return SESSION != null && SESSION.equals(session(process));
    }

    /** Field 6 of the process's stat; null when it is gone. */
    private static String session(Path process) {
        try {
            String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
            return stat.substring(stat.lastIndexOf(')') + 2).split(" ", 5)[3];
        } catch (IOException e) {
            return null;
        }
    }

    private static byte[] environment(Path process) {
        try {
            return Files.readAllBytes(process.resolve("environ"));
        } catch (IOException e) {
            return new byte[0]; // another user's, or gone meanwhile
        }
    }

    private static boolean contains(byte[] bytes, byte[] wanted) {
        for (int at = 0; at + wanted.length <= bytes.length; at++) {
            int i = 0;
            while (i < wanted.length && bytes[at + i] == wanted[i]) {
                i++;
            }
            if (i == wanted.length) {
                return true;
            }
        }
        return false;
    }
}
