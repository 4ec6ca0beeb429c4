"""The conversation of one component with its parent: handshake, emits, answers, logs.

One session is current in a process; the module-level functions of :mod:`egret` speak through it, as those of
``storm.py`` do.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Sequence as SequenceABC
from typing import Any, Union

from .transport import ProtocolError, Transport
from .tuples import Tuple

OUTSTANDING_TASK_IDS_MAX = 256
LEVELS = {"trace": 0, "debug": 1, "info": 2, "warn": 3, "warning": 3, "error": 4}

Anchor = Union[Tuple, str]


class TaskIds(SequenceABC):  # type: ignore[type-arg]
    """The tasks a tuple went to. The parent's answer is waited for when the list is first looked at, not before."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids: list[int] | None = None

    def wait(self) -> list[int]:
        """The ids as a plain list."""
        while self._ids is None:
            self._session.read_one_message()
        return self._ids

    def __len__(self) -> int:
        return len(self.wait())

    def __getitem__(self, index: Any) -> Any:
        return self.wait()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SequenceABC) and list(other) == self.wait()

    def __repr__(self) -> str:
        return repr(self.wait())


class Session:
    """Speaks multilang over a transport. Users meet it through the functions of :mod:`egret`."""

    def __init__(self, transport: Transport, *, is_spout: bool) -> None:
        self.transport = transport
        self.is_spout = is_spout
        self.conf: Mapping[str, Any] = {}
        self.context: Mapping[str, Any] = {}
        self.anchor: Tuple | None = None
        """The tuple that emits are anchored to when they name no anchors (BasicBolt)."""
        self.has_answered = False
        """Whether the handshake is done; before that the parent takes nothing but the pid."""
        self._waiting: deque[TaskIds] = deque()
        self._pending: deque[dict[str, Any]] = deque()

    def handshake(self) -> None:
        """Reads conf and context, leaves the pid file and answers with the pid."""
        setup = self.transport.receive()
        if not isinstance(setup, dict) or not isinstance(setup.get("pidDir"), str):
            raise ProtocolError(f"expected the handshake with a pidDir, got {_short(setup)}")
        for part in ("conf", "context"):
            if not isinstance(setup.get(part), dict):
                raise ProtocolError(f"expected the handshake with an object {part}, got {_short(setup)}")
        self.conf, self.context = setup["conf"], setup["context"]
        pid = os.getpid()
        with open(os.path.join(setup["pidDir"], str(pid)), "w"):
            pass
        self.transport.send({"pid": pid})
        self.transport.flush()
        self.has_answered = True

    def next_message(self) -> dict[str, Any]:
        """The next command (spout) or tuple (bolt); lists of task ids on the way go to the emits that asked."""
        while not self._pending:
            self.read_one_message()
        return self._pending.popleft()

    def read_one_message(self) -> None:
        """Reads one message and puts it where it belongs: to an emit that waits, or in line for the component."""
        message = self.transport.receive()
        if isinstance(message, list):
            if not all(type(task) is int for task in message):
                raise ProtocolError(f"expected a list of task ids, got {_short(message)}")
            if not self._waiting:
                raise ProtocolError(f"got task ids {_short(message)} that no emit asked for")
            self._waiting.popleft()._ids = message
        elif isinstance(message, dict):
            if not self.is_spout and message.get("stream") == "__heartbeat" and message.get("task") == -1:
                self.sync()
            else:
                self._pending.append(message)
        else:
            raise ProtocolError(f"expected an object or a list of task ids, got {_short(message)}")

    def emit(
        self,
        values: Sequence[Any],
        *,
        stream: str | None = None,
        id: Any = None,
        anchors: Sequence[Anchor] | None = None,
        direct_task: int | None = None,
        need_task_ids: bool = False,
    ) -> TaskIds | None:
        """Sends one emit; see :func:`egret.emit`."""
        if not isinstance(values, (list, tuple)):
            raise TypeError(f"emit takes a list or tuple of values, got {type(values).__name__}: {_short(values)}")
        message: dict[str, Any] = {"command": "emit", "tuple": values}
        if stream is not None:
            message["stream"] = stream
        if self.is_spout:
            if id is not None:
                message["id"] = id
        else:
            message["anchors"] = self._anchor_ids(anchors)
        if direct_task is not None:
            message["task"] = direct_task
            need_task_ids = False  # the parent never answers a direct emit
        else:
            message["need_task_ids"] = need_task_ids
        try:
            self.transport.send(message)
        except (TypeError, ValueError, RecursionError) as error:
            raise TypeError(_why_not_json(values, error)) from None
        return self._expect_task_ids() if need_task_ids else None

    def _anchor_ids(self, anchors: Sequence[Anchor] | None) -> list[str]:
        if anchors is None or (self.anchor is not None and not anchors):
            return [] if self.anchor is None else [self.anchor.id]
        return [anchor.id if isinstance(anchor, Tuple) else anchor for anchor in anchors]

    def _expect_task_ids(self) -> TaskIds:
        # The parent writes an answer for each of these: were none of them read for long, both pipes could
        # fill up.
        if len(self._waiting) >= OUTSTANDING_TASK_IDS_MAX:
            self._waiting[0].wait()
        ids = TaskIds(self)
        self._waiting.append(ids)
        return ids

    def settle(self, tup: Tuple, command: str) -> None:
        """Acks or fails a tuple, once: the parent takes a second answer for the same id as a fault of the component."""
        if not tup.is_settled:
            tup.is_settled = True
            self.transport.send({"command": command, "id": tup.id})

    def sync(self) -> None:
        """Ends a spout's turn, or gives the sign of life that a heartbeat asks for."""
        self.transport.send({"command": "sync"})

    def log(self, text: str, level: int | str = 2) -> None:
        """Writes to the worker's log, at once."""
        number = LEVELS.get(level.lower()) if isinstance(level, str) else level
        if number is None or not 0 <= number <= 4:
            raise ValueError(f"log level {level!r} is none of 0 to 4, {', '.join(LEVELS)}")
        self.transport.send({"command": "log", "msg": str(text), "level": number})
        self.transport.flush()

    def report_error(self, text: str) -> None:
        """Shows an error of this component in the topology's state (UI, getTopologyInfo), at once."""
        self.transport.send({"command": "error", "msg": str(text)})
        self.transport.flush()

    def metric(self, name: str, params: Any) -> None:
        """Updates the metric that the parent registered under this name."""
        self.transport.send({"command": "metrics", "name": name, "params": params})


_current: Session | None = None
need_task_ids_by_default = False
"""What an emit does that does not say; the ``storm`` module sets it, because ``storm.py`` always returned the ids."""


def start(session: Session) -> Session:
    """Makes a session the one that the module-level functions speak through."""
    global _current
    _current = session
    return session


def current() -> Session:
    """The session of the running component. Raises RuntimeError outside one."""
    if _current is None:
        raise RuntimeError("no component is running: call run() of a Spout or Bolt first")
    return _current


def tuple_of(message: Mapping[str, Any]) -> Tuple:
    """The tuple in a message of the parent. Raises ProtocolError when something is missing or of another type."""
    get = message.get
    id, stream, task, values = get("id"), get("stream"), get("task"), get("tuple")
    if not (type(id) is str and type(stream) is str and type(task) is int and type(values) is list):
        raise ProtocolError(f"expected a tuple with id, comp, stream, task and tuple, got {_short(message)}")
    return Tuple(id, get("comp"), stream, task, values)


def complain(text: str) -> None:
    """Says something on stderr, if anybody still reads it."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "..."


def _why_not_json(values: Sequence[Any], error: Exception) -> str:
    for index, value in enumerate(values):
        try:
            json.dumps(value)
        except (TypeError, ValueError, RecursionError) as fault:
            return f"value {index} of the tuple cannot travel as JSON: {fault}"
    return f"the emit cannot travel as JSON: {error}"
