"""Writing to the worker's log, by Storm's function names or through Python's logging."""

from __future__ import annotations

import logging

from . import session as sessions


def log(msg: str, level: int | str = 2) -> None:
    """Writes a line; levels 0 trace, 1 debug, 2 info, 3 warn, 4 error, or these words."""
    sessions.current().log(msg, level)


def logTrace(msg: str) -> None:
    """Writes a line at level trace."""
    log(msg, 0)


def logDebug(msg: str) -> None:
    """Writes a line at level debug."""
    log(msg, 1)


def logInfo(msg: str) -> None:
    """Writes a line at level info."""
    log(msg, 2)


def logWarn(msg: str) -> None:
    """Writes a line at level warn."""
    log(msg, 3)


def logError(msg: str) -> None:
    """Writes a line at level error."""
    log(msg, 4)


class LogHandler(logging.Handler):
    """Sends Python's log records to the worker's log: ``logging.basicConfig(handlers=[egret.LogHandler()])``."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sessions.current().log(self.format(record), _level_of(record.levelno))
        except Exception:
            self.handleError(record)


def _level_of(levelno: int) -> int:
    if levelno >= logging.ERROR:
        return 4
    if levelno >= logging.WARNING:
        return 3
    if levelno >= logging.INFO:
        return 2
    return 1 if levelno >= logging.DEBUG else 0
