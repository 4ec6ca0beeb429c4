package egret.shell;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.storm.multilang.ISerializer;
import org.apache.storm.multilang.NoOutputException;
import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.utils.ShellProcess;
import org.slf4j.LoggerFactory;

/**
 * One child process, from its start to its end. A ShellProcess to the topology's log handlers, and nothing
 * else of one: its pipes are read and written by the task that owns it, and whatever is wrong with it ends
 * it, once.
 *
 *   started -> greeting (handshake sent) -> answered -> ended
 */
final class Child extends ShellProcess {
    private static final long serialVersionUID = 1;
    private static final String JSON = "org.apache.storm.multilang.JsonSerializer";
    /** How long a child may live on after it has closed its standard output. */
    private static final long SILENT_LIFE_MS = 1000;
    /**
     * How long a child's last output may take to arrive after the child ended: another process may hold the
     * pipe open.
     */
    private static final long LAST_WORDS_MS = 250;
    /** How long to wait for a child to vanish after SIGKILL. */
    private static final long KILLED_GONE_MS = 5000;
    private static final long TERMINATED_GONE_MS = 1000;
    private static final AtomicInteger STARTED = new AtomicInteger();

    private final transient ChildSpec spec;
    private final transient Process process;
    private final transient StderrTail stderr;
    private final transient Thread stderrThread;
    private final transient Signs signs = new Signs();
    private final transient PipeOut out;
    private final long startedMs = Signs.nowMs();
    private final String mark;
    private long movedMs = Signs.nowMs();
    private volatile boolean hasAnswered;
    private volatile boolean isClosing;
    private volatile Throwable fault;

    /** Starts the process. Throws {@link ChildFault} saying why it cannot be. */
    static Child start(ChildSpec spec) throws ChildFault {
        String mark = ProcessHandle.current().pid() + "-" + STARTED.incrementAndGet();
        ISerializer serializer = serializer(spec);
        ProcessBuilder builder = spec.processBuilder();
        builder.environment().put(Offspring.VARIABLE, mark);
        try {
            return new Child(spec, builder.start(), serializer, mark);
        } catch (IOException e) {
            throw new ChildFault("cannot be started: " + SpawnFailure.reason(spec, e), e);
        }
    }

    private static ISerializer serializer(ChildSpec spec) throws ChildFault {
        Object name = spec.conf().get("topology.multilang.serializer");
        if (name == null || name.equals(JSON)) {
            return new JsonPipe(Settings.of(spec.conf()).messageBytesMax());
        }
        try {
            return (ISerializer) Class.forName(name.toString()).getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException | ClassCastException | LinkageError e) {
            throw new ChildFault("cannot be spoken to: topology.multilang.serializer is " + name + ", and there is no such "
                    + "ISerializer on the worker's class path: " + e, e);
        }
    }

    private Child(ChildSpec spec, Process process, ISerializer serializer, String mark) {
        super(spec.words());
        this.spec = spec;
        this.process = process;
        this.serializer = serializer;
        this.mark = mark;
        this.pid = process.pid();
        this.componentName = spec.componentId();
        this.out = new PipeOut(process.getOutputStream(), signs);
        this.stderr = new StderrTail(process.getErrorStream(), LoggerFactory.getLogger(componentName));
        this.stderrThread = Threads.start(spec, "stderr", stderr);
        // what it has started must not outlive it, nor keep its pipes open: a reader would never see their
        // end
        process.onExit().thenRunAsync(() -> Offspring.killMarked(mark));
    }

    /** Sends the handshake and waits for the answer. */
    void greet() throws IOException {
        try {
            serializer.initialize(out, new PipeIn(process.getInputStream(), signs));
            Number said = serializer.connect(spec.conf(), spec.context());
            if (said != null) {
                pid = said;
            }
            out.gather();
        } catch (NoOutputException e) {
            throw new EOFException(e.getMessage());
        }
        hasAnswered = true;
        signs.sign();
    }

    PipeOut out() {
        return out;
    }

    Signs signs() {
        return signs;
    }

    boolean hasAnswered() {
        return hasAnswered;
    }

    long startedMs() {
        return startedMs;
    }

    long livedMs() {
        return Signs.nowMs() - startedMs;
    }

    /**
     * Whether a signal (SIGSTOP) has kept the process stopped for this long. Callers check this periodically.
     */
    boolean isStoppedFor(long ms, long nowMs) {
        if (!isStopped()) {
            movedMs = nowMs;
        }
        return ms > 0 && nowMs - movedMs >= ms;
    }

    /**
     * Restarts the measurement of how long the child was stopped: the worker itself was stalled, so the
     * watchdog could not check the child until now.
     */
    void moved(long nowMs) {
        movedMs = nowMs;
    }

    private boolean isStopped() {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"), StandardCharsets.ISO_8859_1);
            return stat.startsWith("T", stat.lastIndexOf(')') + 2);
        } catch (IOException e) {
            return false; // it is gone, or there is no /proc
        }
    }

    /**
     * Whether a message can be read without waiting. This is unknown for serializers that are not ours, so
     * they answer false.
     */
    boolean hasMessage() {
        return serializer instanceof JsonPipe pipe && pipe.hasMessage();
    }

    @Override
    public ShellMsg readShellMsg() throws IOException {
        try {
            return serializer.readShellMsg();
        } catch (NoOutputException e) {
            throw new EOFException(e.getMessage());
        }
    }

    /**
     * Ends the child at once because of a fault, together with all processes that it started. Only the first
     * fault counts. Any thread may call this.
     */
    synchronized void fail(Throwable why) {
        if (fault == null && !isClosing) {
            fault = why;
        }
        Offspring.kill(process.toHandle());
    }

    /**
     * Handles an exception from reading the child's output or writing its input. The end of a pipe means that
     * the child has ended or soon will.
     */
    void broken(Throwable why) {
        boolean isPipeEnd = why instanceof IOException && !(why instanceof ChildFault);
        if (!isPipeEnd) {
            fail(why);
        } else if (!hasEndedWithin(SILENT_LIFE_MS)) {
            fail(new ChildFault(why instanceof EOFException ? "closed its standard output but kept running"
                    : "closed its standard input but kept running"));
        }
    }

    /** Ends the child in order: end of input and SIGTERM, SIGKILL a second later. Does not wait. */
    void close() {
        isClosing = true;
        process.destroy();
        Threads.start(spec, "end", () -> {
            if (!hasEndedWithin(TERMINATED_GONE_MS)) {
                Offspring.kill(process.toHandle());
            }
            clean();
        });
    }

    /** Waits for the end, and tells it. Nothing of the child is left then. */
    Ended awaitEnd() {
        if (!hasEndedWithin(KILLED_GONE_MS)) {
            Offspring.kill(process.toHandle());
            hasEndedWithin(KILLED_GONE_MS);
        }
        clean();
        return new Ended(named(spec, pid) + " " + howItEnded(), stderr.lines());
    }

    /** The child as its errors name it. */
    static String named(ChildSpec spec, Number pid) {
        String name = spec.who() + ", \"" + spec.line() + "\" in " + spec.directory();
        return pid == null ? name : name + ", pid " + pid;
    }

    private void clean() {
        Offspring.killMarked(mark);
        try {
            stderrThread.join(LAST_WORDS_MS);
            Files.deleteIfExists(Path.of(spec.context().getPIDDir(), String.valueOf(pid)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // the worker's directory is gone, and the file with it
        }
    }

    private String howItEnded() {
        if (fault != null) {
            return (fault instanceof ChildFault ? fault.getMessage() : fault.toString()) + "; it was ended";
        }
        String when = hasAnswered ? "" : " before it answered the handshake";
        String unfinished = serializer instanceof JsonPipe pipe ? pipe.unfinished() : "";
        return ExitCodes.describe(process) + when
                + (unfinished.isEmpty() ? "" : "; it left an unfinished message: " + unfinished);
    }

    private boolean hasEndedWithin(long ms) {
        try {
            return process.waitFor(ms, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    @Override
    public void destroy() {
        process.destroy();
    }

    @Override
    public void logErrorStream() {
        // its standard error is logged as it comes
    }

    @Override
    public String getErrorsString() {
        List<String> lines = stderr.lines();
        return String.join("\n", lines);
    }

    @Override
    public int getExitCode() {
        return process.isAlive() ? -1 : process.exitValue();
    }
}
