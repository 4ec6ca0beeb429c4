package egret.shell;

import java.util.Map;

/**
 * What a topology's configuration says to its shell components.
 *
 * @param silenceMsMax how long a child may answer nothing: topology.subprocess.timeout.secs, else
 * supervisor.worker.timeout.secs
 * @param handshakeMsMax how long the answer to the handshake may take: egret.shell.handshake.timeout.secs,
 *     else supervisor.worker.start.timeout.secs
 * @param pendingTuplesMax how many tuples a child may have been sent and not reached, and how many more may
 *     wait for it: topology.shellbolt.max.pending
 * @param heldTuplesMax tuples that a bolt's child may hold unacked: egret.shell.pending.max.tuples; beyond it
 * the oldest are failed
 * @param stoppedMsMax how long a signal may keep a child stopped: egret.process.stopped.secs; 0: without
 *     limit
 * @param messageBytesMax bytes of one message of a child: egret.shell.message.max.bytes
 * @param areTaskIdsSentAhead topology.egret.shell.task.ids.ahead
 */
record Settings(long silenceMsMax, long handshakeMsMax, int pendingTuplesMax, int heldTuplesMax,
        long stoppedMsMax, int messageBytesMax, boolean areTaskIdsSentAhead) {
    /** What `topology.shellbolt.max.pending: null` comes to. */
    private static final int UNLIMITED_TUPLES = 1 << 20;

    static Settings of(Map<String, Object> conf) {
        double workerSecs = number(conf, "supervisor.worker.timeout.secs", 30);
        double startSecs = number(conf, "supervisor.worker.start.timeout.secs", 120);
        return new Settings(
                (long) (1000 * number(conf, "topology.subprocess.timeout.secs", workerSecs)),
                (long) (1000 * number(conf, "egret.shell.handshake.timeout.secs", startSecs)),
                (int) Math.max(1, Math.min(UNLIMITED_TUPLES, number(conf, "topology.shellbolt.max.pending", UNLIMITED_TUPLES))),
                (int) Math.max(1, number(conf, "egret.shell.pending.max.tuples", 1_000_000)),
                (long) (1000 * number(conf, "egret.process.stopped.secs", 2)),
                (int) Math.max(1, number(conf, "egret.shell.message.max.bytes",
                        number(conf, "egret.shell.message.bytes.max", 64 << 20))), // the former name
                !Boolean.FALSE.equals(conf.get("topology.egret.shell.task.ids.ahead")));
    }

    private static double number(Map<String, Object> conf, String key, double fallback) {
        return conf.get(key) instanceof Number number ? number.doubleValue() : fallback;
    }

    /** Milliseconds as seconds, for messages: 30, 0.5. */
    static String seconds(long ms) {
        return ms % 1000 == 0 ? Long.toString(ms / 1000) : Double.toString(ms / 1000.0);
    }
}
