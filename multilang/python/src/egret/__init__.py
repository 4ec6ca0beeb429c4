"""Spouts and bolts in Python, for Egret and for any Storm cluster (stock multilang over stdin and stdout).

    from egret import BasicBolt

    class Split(BasicBolt):
        def process(self, tup):
            for word in tup.values[0].split():
                self.emit([word])

    Split().run()

The names are those of Storm's ``storm.py``; a script moves over by changing ``import storm`` to
``import egret as storm``, or by placing the ``storm.py`` beside this package in its resources.
"""

from __future__ import annotations

from typing import Any

from . import session as _sessions
from .components import BasicBolt, Bolt, Component, Spout, emit, emit_direct
from .logs import LogHandler, log, logDebug, logError, logInfo, logTrace, logWarn
from .session import TaskIds
from .transport import ParentGone, PipeTransport, ProtocolError, Transport
from .tuples import Tuple

__version__ = "0.1.0"

emitDirect = emit_direct


def ack(tup: Tuple) -> None:
    """This bolt is done with the tuple."""
    _sessions.current().settle(tup, "ack")


def fail(tup: Tuple) -> None:
    """The tuple is to be emitted again by its spout."""
    _sessions.current().settle(tup, "fail")


def report_error(msg: str) -> None:
    """Shows an error of this component in the topology's state. The component keeps running."""
    _sessions.current().report_error(msg)


reportError = report_error


def rpcMetrics(name: str, params: Any) -> None:
    """Updates the metric that the parent registered under this name."""
    _sessions.current().metric(name, params)


def heartbeat() -> None:
    """Sends a sign of life during long work.

    The library answers the parent's heartbeats between tuples. A bolt that spends longer than
    ``topology.subprocess.timeout.secs`` on one tuple must call this from time to time; otherwise the parent
    takes it for stuck and restarts it.
    """
    session = _sessions.current()
    if session.is_spout:
        return  # a sync would end the spout's turn; any other message, such as a log, is a sign of life
    session.sync()
    session.transport.flush()


def flush() -> None:
    """Sends what is queued. Needed only to let a tuple leave before long work that follows it."""
    _sessions.current().transport.flush()


__all__ = [
    "BasicBolt", "Bolt", "Component", "LogHandler", "ParentGone", "PipeTransport", "ProtocolError", "Spout", "TaskIds",
    "Transport", "Tuple", "ack", "emit", "emitDirect", "emit_direct", "fail", "flush", "heartbeat", "log", "logDebug",
    "logError", "logInfo", "logTrace", "logWarn", "reportError", "report_error", "rpcMetrics",
]  # fmt: skip
