package egret.shell;

/** The faults of children that both kinds of component tell. */
final class Faults {
    private Faults() {
    }

    static ChildFault silent(Settings settings) {
        return new ChildFault("subprocess heartbeat timeout: answered nothing for " + Settings.seconds(settings.silenceMsMax())
                + " s (topology.subprocess.timeout.secs, supervisor.worker.timeout.secs)");
    }

    static ChildFault stopped(Settings settings) {
        return new ChildFault("was stopped by a signal for " + Settings.seconds(settings.stoppedMsMax())
                + " s (egret.process.stopped.secs)");
    }

    static ChildFault ungreeted(Settings settings) {
        return new ChildFault("did not answer the handshake within " + Settings.seconds(settings.handshakeMsMax())
                + " s (egret.shell.handshake.timeout.secs, supervisor.worker.start.timeout.secs)");
    }

    static boolean isUngreeted(Child child, Settings settings, long nowMs) {
        return !child.hasAnswered() && nowMs - child.startedMs() > settings.handshakeMsMax();
    }
}
