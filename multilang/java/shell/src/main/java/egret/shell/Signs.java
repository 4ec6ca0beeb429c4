package egret.shell;

/** When a child last showed that it lives: it said something, or took in what waited for it. */
final class Signs {
    private volatile long lastMs = nowMs();

    static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }

    void sign() {
        lastMs = nowMs();
    }

    long lastMs() {
        return lastMs;
    }
}
