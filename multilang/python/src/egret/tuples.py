"""The tuple a bolt receives."""

from __future__ import annotations

from typing import Any


class Tuple:
    """One input of a bolt. The attributes carry the names they have in Storm's ``storm.py``."""

    __slots__ = ("id", "component", "stream", "task", "values", "is_settled")

    id: str
    """The parent's name for this delivery; anchors, acks and fails repeat it."""
    component: str | None
    """The component that emitted it; ``__system`` for ticks."""
    stream: str
    task: int
    """The task that emitted it; -1 for ticks and heartbeats."""
    values: list[Any]
    is_settled: bool
    """Whether it was acked or failed. The parent takes one answer for a tuple, so later ones are not sent."""

    def __init__(self, id: str, component: str | None, stream: str, task: int, values: list[Any]) -> None:
        self.id = id
        self.component = component
        self.stream = stream
        self.task = task
        self.values = values
        self.is_settled = False

    def is_tick_tuple(self) -> bool:
        """Whether this is the clock tick that ``topology.tick.tuple.freq.secs`` asks for; values are ``[seconds]``."""
        return self.task == -1 and self.stream == "__tick"

    def is_heartbeat_tuple(self) -> bool:
        """Whether the parent only asks for a sign of life. A bolt's ``process`` never sees one."""
        return self.task == -1 and self.stream == "__heartbeat"

    def __repr__(self) -> str:
        return (
            f"<Tuple component={self.component!r} id={self.id!r} stream={self.stream!r} "
            f"task={self.task!r} values={self.values!r}>"
        )
