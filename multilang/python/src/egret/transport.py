"""How messages travel between a component and its parent.

The classes that users extend do not depend on pipes: they talk through a :class:`Transport`, so that a faster
wire can replace :class:`PipeTransport` without a change to any spout or bolt.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import deque
from typing import Any, NoReturn, Protocol

READ_BYTES = 65536
WRITE_BUFFER_BYTES_MAX = 32768
SLOW_HANDLER_SECS = 0.005
_SEPARATOR = b"\nend\n"


class ParentGone(SystemExit):
    """The parent closed the pipe: the component ends with exit code 0.

    A kind of SystemExit, so that ``except Exception`` in a user's handler does not keep an orphan running.
    """

    def __init__(self) -> None:
        super().__init__(0)


class ProtocolError(Exception):
    """The parent sent something that is not a message of the multilang protocol."""


class Transport(Protocol):
    """Carries whole messages in both directions. ``send`` may be called from any thread, ``receive`` from one."""

    def send(self, message: Any) -> None:
        """Queues one message; it leaves at once unless more input is already waiting."""

    def receive(self) -> Any:
        """Waits for the next message. Raises ParentGone at the end of input, ProtocolError on garbage."""

    def flush(self) -> None:
        """Sends what is queued. Raises ParentGone when the parent no longer reads."""


class PipeTransport:
    """Storm's stock framing: JSON, a newline, the line ``end``, a newline, on a pair of file descriptors.

    It holds output back only while further input is already read and the handlers are quick; otherwise every
    message leaves at once. A busy bolt thus writes once per read, and an idle or slow one delays nothing.
    """

    def __init__(self, input_fd: int, output_fd: int) -> None:
        self._input_fd = input_fd
        self._output_fd = output_fd
        self._ready: deque[bytes] = deque()
        self._partial = bytearray()
        self._searched = 0
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._lock = threading.Lock()
        self._eager = True
        self._handed_over_at = float("inf")
        self._encode = json.JSONEncoder(separators=(",", ":")).encode
        os.set_blocking(input_fd, True)
        os.set_blocking(output_fd, True)

    @classmethod
    def standard(cls) -> PipeTransport:
        """Returns the transport over this process's stdin and stdout, which it takes over.

        From then on, file descriptor 1 is stderr and 0 is /dev/null, so neither ``print``, nor a C library,
        nor a child process can break into the conversation; what they print reaches the worker's log.
        """
        input_fd, output_fd = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        try:
            sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        except (AttributeError, ValueError):
            pass  # a replaced sys.stdout keeps its own habits; it no longer reaches the pipe
        return cls(input_fd, output_fd)

    def send(self, message: Any) -> None:
        data = self._encode(message).encode("ascii") + _SEPARATOR
        with self._lock:
            self._out.append(data)
            self._out_bytes += len(data)
            if self._eager or self._out_bytes >= WRITE_BUFFER_BYTES_MAX:
                self._write_out()

    def flush(self) -> None:
        with self._lock:
            self._write_out()

    def receive(self) -> Any:
        was_slow = time.monotonic() - self._handed_over_at > SLOW_HANDLER_SECS
        if was_slow or not self._ready:
            self._eager = True
            self.flush()
            while not self._ready:
                self._fill()
        message = self._ready.popleft()
        self._eager = was_slow or not self._ready
        try:
            decoded = json.loads(message.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ProtocolError(f"expected a JSON message, got {_excerpt(message)}: {error}") from None
        self._handed_over_at = time.monotonic()
        return decoded

    def _fill(self) -> None:
        chunk = os.read(self._input_fd, READ_BYTES)
        if not chunk:
            raise ParentGone()
        partial = self._partial
        partial += chunk
        if b"\r" in chunk or (self._searched and partial[self._searched - 1] == 13):
            self._searched = max(0, self._searched - len(_SEPARATOR))
            partial = self._partial = partial.replace(b"\r\n", b"\n")
        # A separator may begin in the bytes that were there before; those further back were searched already.
        if partial.find(_SEPARATOR, max(0, self._searched - len(_SEPARATOR))) < 0:
            self._searched = len(partial)
            return
        *whole, rest = bytes(partial).split(_SEPARATOR)
        self._ready.extend(whole)
        self._partial = bytearray(rest)
        self._searched = len(rest)

    def _write_out(self) -> None:
        if not self._out:
            return
        view = memoryview(b"".join(self._out))
        self._out.clear()
        self._out_bytes = 0
        try:
            while view:
                view = view[os.write(self._output_fd, view) :]
        except BrokenPipeError:
            raise ParentGone() from None


def leave(code: int) -> NoReturn:
    """Ends the process. A broken stderr does not change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # The interpreter flushes once more when it exits, and would complain in vain.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
    raise SystemExit(code)


def _excerpt(message: bytes) -> str:
    text = message[:200].decode("utf-8", "replace")
    return repr(text) + ("..." if len(message) > 200 else "")
