package egret.shell;

import java.io.File;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Explains why a program did not start: the kernel reports "No such file or directory" for a missing
 * directory, command and interpreter alike.
 */
final class SpawnFailure {
    private static final Pattern ERRNO = Pattern.compile("error=(\\d+)");
    private static final int ENOENT = 2;
    private static final int ENOEXEC = 8;
    private static final int EAGAIN = 11;
    private static final int EACCES = 13;

    private SpawnFailure() {
    }

    static String reason(ChildSpec spec, IOException failure) {
        File directory = spec.directory();
        if (!directory.isDirectory()) {
            return "the working directory " + directory + (directory.exists() ? " is not a directory" : " does not exist");
        }
        String command = spec.words()[0];
        File file = find(command, spec);
        return switch (errno(failure)) {
            case ENOENT -> {
                if (file != null) {
                    yield file + " names an interpreter in its #! line that does not exist";
                }
                yield command.contains("/") ? "the file " + command + " does not exist" : "no program of that name is on the PATH";
            }
            case EACCES -> file != null && !file.canExecute() ? file + " is not executable" : "permission denied";
            case ENOEXEC -> (file == null ? command : file) + " is not a program for this machine";
            case EAGAIN -> "the machine has no room for another process (EAGAIN)";
            default -> String.valueOf(failure.getMessage());
        };
    }

    private static int errno(IOException failure) {
        Matcher matcher = ERRNO.matcher(String.valueOf(failure.getMessage()));
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static File find(String command, ChildSpec spec) {
        if (command.contains("/")) {
            File file = command.startsWith("/") ? new File(command) : new File(spec.directory(), command);
            return file.exists() ? file : null;
        }
        // a JVM looks a program up on its own PATH, not on that of the child
        for (String directory : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            File file = new File(directory, command);
            if (!directory.isEmpty() && file.exists()) {
                return file;
            }
        }
        return null;
    }
}
