package egret.host;

/** Thrown and caught inside {@link ValueWriter} while it tries to write a view; never leaves it. */
final class NotPortableException extends RuntimeException {
    static final NotPortableException INSTANCE = new NotPortableException();

    private NotPortableException() {
        super("not portable", null, false, false);
    }
}
