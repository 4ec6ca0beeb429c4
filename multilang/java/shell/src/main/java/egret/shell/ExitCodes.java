package egret.shell;

import java.util.Map;

/**
 * Describes how a process ended, from the exit code that Java returns: 128 plus the signal's number if a
 * signal ended it.
 */
final class ExitCodes {
    private static final int SIGNAL_BASE = 128;
    private static final Map<Integer, String> SIGNALS = Map.ofEntries(Map.entry(1, "SIGHUP"), Map.entry(2, "SIGINT"),
            Map.entry(3, "SIGQUIT"), Map.entry(4, "SIGILL"), Map.entry(6, "SIGABRT"), Map.entry(7, "SIGBUS"),
            Map.entry(8, "SIGFPE"), Map.entry(9, "SIGKILL"), Map.entry(11, "SIGSEGV"), Map.entry(13, "SIGPIPE"),
            Map.entry(15, "SIGTERM"), Map.entry(24, "SIGXCPU"), Map.entry(31, "SIGSYS"));

    private ExitCodes() {
    }

    static String describe(Process process) {
        if (process.isAlive()) {
            return "does not end, not even by SIGKILL";
        }
        int code = process.exitValue();
        String signal = SIGNALS.get(code - SIGNAL_BASE);
        return signal == null ? "exited with code " + code : "was ended by " + signal;
    }
}
