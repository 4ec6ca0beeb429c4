package egret.shell;

import java.io.File;
import java.util.Map;
import org.apache.storm.task.TopologyContext;

/**
 * What a shell component starts for one of its tasks (storm-client 2.8, ShellProcess).
 *
 * @param owner the component's class under Storm's name, which log handlers receive
 * @param words the command and its arguments, each one argument whatever spaces it holds
 * @param env laid over the worker's environment; PATH is appended to the worker's
 * @param isInResources start it among the topology's resources, else in the worker's directory
 */
public record ChildSpec(Class<?> owner, String[] words, Map<String, String> env, boolean isInResources,
        Map<String, Object> conf, TopologyContext context) {

    String componentId() {
        return context.getThisComponentId();
    }

    /** Storm's code directory of a worker is the `resources` of the topology's jar. */
    File directory() {
        return new File(isInResources ? context.getCodeDir() : System.getProperty("user.dir"));
    }

    /** As errors name it: `child of task 7 (split)`. */
    String who() {
        return "child of task " + context.getThisTaskId() + " (" + componentId() + ")";
    }

    /** A word with spaces is one argument, and shows as one. */
    String line() {
        StringBuilder line = new StringBuilder();
        for (String word : words) {
            boolean isPlain = !word.isEmpty() && word.chars().noneMatch(c -> Character.isWhitespace(c) || c == '\'' || c == '"');
            line.append(line.isEmpty() ? "" : " ").append(isPlain ? word : "'" + word + "'");
        }
        return line.toString();
    }

    ProcessBuilder processBuilder() {
        ProcessBuilder builder = new ProcessBuilder(words).directory(directory());
        Map<String, String> environment = builder.environment();
        if (env != null) {
            env.forEach((name, value) -> {
                String inherited = name.equals("PATH") ? environment.get(name) : null;
                environment.put(name, inherited == null ? value : inherited + File.pathSeparatorChar + value);
            });
        }
        return builder;
    }
}
