package egret.host;

import java.io.IOException;

/** The stream manager sent what docs/wire.md does not allow: the connection cannot be used any longer. */
final class ProtocolException extends IOException {
    ProtocolException(String message) {
        super(message);
    }
}
