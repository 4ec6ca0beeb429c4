package egret.dlog;

/** What became of a request that was not done. */
public final class DlogException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Whether it may be sent again without being done twice. */
    public enum Fate {
        /** It was not done and never will be. */
        REFUSED,
        /** It may be done, now or later, once. */
        UNKNOWN
    }

    private final Fate fate;
    private final int code;

    DlogException(Fate fate, int code, String message, Throwable cause) {
        super(message, cause);
        this.fate = fate;
        this.code = code;
    }

    public Fate fate() {
        return fate;
    }

    /** The gateway's code (510: the stream does not exist), or 0 if the gateway did not answer. */
    public int code() {
        return code;
    }
}
