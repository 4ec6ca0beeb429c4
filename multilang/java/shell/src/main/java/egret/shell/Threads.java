package egret.shell;

/** Threads of a child: daemons, so that they keep no worker alive, named after component and task. */
final class Threads {
    private Threads() {
    }

    static Thread start(ChildSpec spec, String role, Runnable work) {
        Thread thread = new Thread(work, spec.componentId() + "-" + spec.context().getThisTaskId() + "-" + role);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
