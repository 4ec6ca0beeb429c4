package egret.host;

/** Bytes that are not what docs/wire.md says, with the place. */
final class CorruptValuesException extends RuntimeException {
    CorruptValuesException(String message) {
        super(message);
    }

    CorruptValuesException(String message, Throwable cause) {
        super(message, cause);
    }
}
