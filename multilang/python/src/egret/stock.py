"""Every public name of Storm's ``storm.py``, for scripts that say ``import storm``.

``emit`` here returns the task ids as there, but waits for them only when they are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import session as _sessions
from .components import BasicBolt, Bolt, Spout, emit
from .components import emit_direct as emitDirect
from .logs import log, logDebug, logError, logInfo, logTrace, logWarn
from .session import Anchor, Session, TaskIds
from .transport import PipeTransport
from .tuples import Tuple

from . import ack, fail, reportError, rpcMetrics  # isort: skip

_sessions.need_task_ids_by_default = True


def initComponent() -> list[Any]:
    """Does the handshake of a script that reads its tuples by hand; returns conf and context."""
    session = _sessions.start(Session(PipeTransport.standard(), is_spout=False))
    session.handshake()
    return [session.conf, session.context]


def readCommand() -> dict[str, Any]:
    """The parent's next command or tuple, as a dictionary."""
    return _sessions.current().next_message()


def readTuple() -> Tuple:
    """The next input tuple. Heartbeats were answered before."""
    return _sessions.tuple_of(readCommand())


def sendMsgToParent(msg: Any) -> None:
    """Writes any message."""
    _sessions.current().transport.send(msg)


def sync() -> None:
    """Ends a spout's turn."""
    _sessions.current().sync()


def emitBolt(
    tup: Sequence[Any],
    stream: str | None = None,
    anchors: Sequence[Anchor] | None = None,
    directTask: int | None = None,
) -> TaskIds | None:
    """A bolt's emit, direct when a task is named."""
    need = directTask is None
    return _sessions.current().emit(tup, stream=stream, anchors=anchors, direct_task=directTask, need_task_ids=need)


def emitSpout(
    tup: Sequence[Any], stream: str | None = None, id: Any = None, directTask: int | None = None
) -> TaskIds | None:
    """A spout's emit, direct when a task is named."""
    need = directTask is None
    return _sessions.current().emit(tup, stream=stream, id=id, direct_task=directTask, need_task_ids=need)


__all__ = [
    "BasicBolt", "Bolt", "Spout", "Tuple", "ack", "emit", "emitBolt", "emitDirect", "emitSpout", "fail",
    "initComponent", "log", "logDebug", "logError", "logInfo", "logTrace", "logWarn", "readCommand", "readTuple",
    "reportError", "rpcMetrics", "sendMsgToParent", "sync",
]  # fmt: skip
