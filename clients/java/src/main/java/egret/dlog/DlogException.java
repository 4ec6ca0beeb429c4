package egret.dlog;

/** The fate of a request that failed. */
public final class DlogException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Whether a retry can apply the request twice. */
    public enum Fate {
        /** The request was not applied and never will be. */
        REFUSED,
        /** The request may have taken effect, or may do so later, at most once. */
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
