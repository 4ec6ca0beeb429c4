package egret.shell;

import java.io.IOException;

/** What a child is ended for, said in words that follow its name: "wrote something that is not JSON: ...". */
final class ChildFault extends IOException {
    private static final long serialVersionUID = 1;

    ChildFault(String message) {
        super(message);
    }

    ChildFault(String message, Throwable cause) {
        super(message, cause);
    }
}
