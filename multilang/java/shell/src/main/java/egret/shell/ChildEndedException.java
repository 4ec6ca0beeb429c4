package egret.shell;

/** The end of a child as the component's errors show it: words alone, for no line of Java is at fault. */
final class ChildEndedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ChildEndedException(String text) {
        super(text, null, false, false);
    }

    @Override
    public String toString() {
        return getMessage();
    }
}
