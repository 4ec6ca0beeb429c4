package egret.host;

/** A value that cannot leave its JVM. The message names its class, the component and the remedy. */
final class UnsendableValueException extends RuntimeException {
    UnsendableValueException(String message) {
        super(message);
    }
}
