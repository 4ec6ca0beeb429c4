class DlogError(Exception):
    """`code` is the gateway's code (510: LOG_NOT_FOUND), or None if the gateway did not answer."""

    def __init__(self, message: str, code: "int | None" = None):
        super().__init__(message)
        self.code = code


class Refused(DlogError):
    """The request was not applied and never will be."""


class Unknown(DlogError):
    """The request may have taken effect, or may do so later, at most once. Sending it again may apply it twice."""


class ConnectionLost(DlogError):
    """No gateway answers. The request may have been applied."""
