package egret.host;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.apache.storm.utils.Utils;

/**
 * An uncaught exception in a thread that a component started ends the worker, as in Storm's own main method.
 * Storm only logs the cause; this class also reports it to the container.
 */
final class UncaughtExceptions {
    private static volatile String lastWords;

    private UncaughtExceptions() {
    }

    static void install() {
        Thread.UncaughtExceptionHandler storm = Utils.createWorkerUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
            if (thrown instanceof OutOfMemoryError) {
                // Storm halts: nothing else gets out but what is written here (System.err goes to the log by
                // now)
                new PrintStream(new FileOutputStream(FileDescriptor.err), true).println(thrown + " in thread " + thread.getName());
            } else {
                StringWriter trace = new StringWriter();
                thrown.printStackTrace(new PrintWriter(trace));
                lastWords = "thread " + thread.getName() + " of the worker ended with " + trace;
            }
            storm.uncaughtException(thread, thrown); // exits, but for the exceptions that Storm swallows
            lastWords = null;
        });
    }

    /** Why the JVM is ending, or null when no uncaught exception is the reason. */
    static String lastWords() {
        return lastWords;
    }
}
