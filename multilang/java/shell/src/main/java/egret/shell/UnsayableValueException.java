package egret.shell;

/** A value of a tuple has no JSON form. The tuple fails, and the child never receives it. */
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
