package egret.shell;

import java.util.List;

/**
 * How a child ended.
 *
 * @param reason one sentence: component, task, command line, directory, and how
 * @param stderrTail the last lines of its standard error, oldest first
 */
record Ended(String reason, List<String> stderrTail) {
}
