"""The classes that users extend: Spout, Bolt and BasicBolt, with the method names of Storm's ``storm.py``."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from . import session as sessions
from .session import Anchor, Session, TaskIds
from .transport import ParentGone, PipeTransport, ProtocolError, Transport, leave
from .tuples import Tuple


class Component:
    """What spouts and bolts share. Extend :class:`Spout`, :class:`Bolt` or :class:`BasicBolt`."""

    _is_spout = False

    def initialize(self, conf: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Called once, before any tuple.

        `conf` is the merged topology configuration. `context` names this task (``taskid``, ``componentid``),
        all tasks (``task->component``, keys are strings), streams and groupings.
        """

    def run(self, transport: Transport | None = None) -> None:
        """Serves until the parent closes the pipe; this is the last line of a component's script.

        It takes over stdin and stdout (see PipeTransport.standard). It ends the process with exit code 0 when
        the parent is gone, or with 1 after an exception, which it first reports to the parent.
        """
        session = sessions.start(Session(transport or PipeTransport.standard(), is_spout=self._is_spout))
        try:
            session.handshake()
            self.initialize(session.conf, session.context)
            self._serve(session)
        except ParentGone:
            leave(0)
        except Exception:
            self._die(session)

    def _serve(self, session: Session) -> None:
        raise NotImplementedError("extend Spout, Bolt or BasicBolt")

    def _die(self, session: Session) -> None:
        text = traceback.format_exc()
        if not session.has_answered:
            # the parent still waits for the pid and would take nothing else
            sessions.complain(text)
            leave(1)
        try:
            session.report_error(text)
            if session.anchor is not None:
                session.settle(session.anchor, "fail")
            session.transport.flush()
        except ParentGone:
            leave(0)
        leave(1)

    def log(self, message: str, level: Any = 2) -> None:
        """Writes to the worker's log; levels 0 trace, 1 debug, 2 info, 3 warn, 4 error, or these words."""
        sessions.current().log(message, level)

    def report_error(self, message: str) -> None:
        """Shows an error of this component in the topology's state. The component keeps running."""
        sessions.current().report_error(message)

    reportError = report_error

    def rpcMetrics(self, name: str, params: Any) -> None:
        """Updates the metric that the parent registered under this name."""
        sessions.current().metric(name, params)


class Spout(Component):
    """A source of tuples. The parent asks for one thing at a time; each method must return before the next."""

    _is_spout = True

    def nextTuple(self) -> None:
        """Emits the next tuples, or none. Do not wait in here: acks and fails wait with it."""

    def ack(self, id: Any) -> None:
        """The tree of the tuple emitted with this id was processed in full."""

    def fail(self, id: Any) -> None:
        """The tree of the tuple emitted with this id failed or timed out."""

    def activate(self) -> None:
        """The topology was activated; also called once at the start."""

    def deactivate(self) -> None:
        """The topology was deactivated: nextTuple is not called until activate."""

    def emit(
        self,
        values: Sequence[Any],
        stream: str | None = None,
        id: Any = None,
        need_task_ids: bool | None = None,
    ) -> TaskIds | None:
        """Emits a tuple. With an `id` (any JSON value) it is tracked, and ``ack`` or ``fail`` gets that id later."""
        return emit(values, stream=stream, id=id, need_task_ids=need_task_ids)

    def emit_direct(self, task: int, values: Sequence[Any], stream: str | None = None, id: Any = None) -> None:
        """Emits to one task of a component that subscribed with direct grouping."""
        emit_direct(task, values, stream=stream, id=id)

    emitDirect = emit_direct

    def _serve(self, session: Session) -> None:
        while True:
            self._obey(session.next_message())
            session.sync()

    def _obey(self, message: dict[str, Any]) -> None:
        command = message.get("command")
        if command == "next":
            self.nextTuple()
        elif command in ("ack", "fail"):
            if message.get("id") is None:
                raise ProtocolError(f"expected the id of the tuple to {command}, got {message!r}")
            (self.ack if command == "ack" else self.fail)(message["id"])
        elif command == "activate":
            self.activate()
        elif command == "deactivate":
            self.deactivate()
        else:
            raise ProtocolError(f"expected next, ack, fail, activate or deactivate, got {command!r}")


class _AnyBolt(Component):
    def process(self, tup: Tuple) -> None:
        """Handles one tuple (ticks too, unless ``process_tick`` takes them)."""

    def emit(
        self,
        values: Sequence[Any],
        stream: str | None = None,
        anchors: Sequence[Anchor] | None = None,
        need_task_ids: bool | None = None,
    ) -> TaskIds | None:
        """Emits a tuple anchored to `anchors`; see :func:`egret.emit`."""
        return emit(values, stream=stream, anchors=anchors, need_task_ids=need_task_ids)

    def emit_direct(
        self,
        task: int,
        values: Sequence[Any],
        stream: str | None = None,
        anchors: Sequence[Anchor] | None = None,
    ) -> None:
        """Emits to one task of a component that subscribed with direct grouping."""
        emit_direct(task, values, stream=stream, anchors=anchors)

    emitDirect = emit_direct

    def ack(self, tup: Tuple) -> None:
        """This bolt is done with the tuple."""
        sessions.current().settle(tup, "ack")

    def fail(self, tup: Tuple) -> None:
        """The tuple is to be emitted again by its spout."""
        sessions.current().settle(tup, "fail")

    def process_tick(self, tup: Tuple) -> None:
        """Handles a tick; unless overridden, ticks go to ``process`` as in Storm."""
        self.process(tup)

    def _handle(self, tup: Tuple) -> None:
        if tup.task == -1 and tup.stream == "__tick":
            self.process_tick(tup)
        else:
            self.process(tup)


class Bolt(_AnyBolt):
    """A bolt that acks, fails and anchors by hand.

    An exception out of ``process`` is reported, fails the tuple and ends the component; it is started again.
    """

    def _serve(self, session: Session) -> None:
        while True:
            tup = sessions.tuple_of(session.next_message())
            try:
                self._handle(tup)
            except Exception:
                session.anchor = tup  # so that the tuple in hand fails now instead of timing out
                raise


class BasicBolt(_AnyBolt):
    """A bolt that anchors its emits to the tuple in hand and acks that tuple when ``process`` returns.

    If ``process`` raises, the exception is reported, the tuple fails, and the bolt continues with the next.
    """

    def _serve(self, session: Session) -> None:
        while True:
            tup = session.anchor = sessions.tuple_of(session.next_message())
            try:
                self._handle(tup)
            except Exception:
                session.report_error(traceback.format_exc())
                session.settle(tup, "fail")
            else:
                session.settle(tup, "ack")


def emit(
    values: Sequence[Any],
    stream: str | None = None,
    anchors: Sequence[Anchor] | None = None,
    id: Any = None,
    need_task_ids: bool | None = None,
) -> TaskIds | None:
    """Emits a tuple on a stream (``default`` unless named).

    `anchors` (bolts) are the tuples that it was made of; `id` (spouts) makes it reliable. With
    ``need_task_ids=True`` it returns the ids of the target tasks as a sequence, which waits for the parent's
    answer on first access. Otherwise it returns None and costs no round trip. It raises TypeError when a
    value cannot travel as JSON.
    """
    if need_task_ids is None:
        need_task_ids = sessions.need_task_ids_by_default
    return sessions.current().emit(values, stream=stream, anchors=anchors, id=id, need_task_ids=need_task_ids)


def emit_direct(
    task: int,
    values: Sequence[Any],
    stream: str | None = None,
    anchors: Sequence[Anchor] | None = None,
    id: Any = None,
) -> None:
    """Emits to one task of a component that subscribed with direct grouping."""
    sessions.current().emit(values, stream=stream, anchors=anchors, id=id, direct_task=task)
