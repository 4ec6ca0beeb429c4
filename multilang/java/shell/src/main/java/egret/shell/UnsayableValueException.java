package egret.shell;

/** A value of a tuple has no JSON. The tuple is failed; the child never hears of it. */
final class UnsayableValueException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnsayableValueException(String message, Throwable cause) {
        super(message, cause, false, false);
    }

    @Override
    public String toString() {
        return getMessage();
    }
}
