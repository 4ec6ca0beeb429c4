class DlogError(Exception):
    """`code` is the gateway's (510: LOG_NOT_FOUND), or None where it did not answer."""

    def __init__(self, message: str, code: "int | None" = None):
        super().__init__(message)
        self.code = code


class Refused(DlogError):
    """It was not done and never will be."""


class Unknown(DlogError):
    """The request may have taken effect, or may do so later, at most once. Sending it again may apply it twice."""


class ConnectionLost(DlogError):
    """No gateway answers. What was asked may have been done."""
