from typing import Iterator, Sequence, Tuple, Union

from .errors import Unknown
from .position import Position
from .route import LOST, Route, SUCCESS, idl
from .tail import Moved, Record, tail
from .writer import StreamWriter


class _Options:
    def __init__(self, homes, timeout_seconds, patience_seconds):
        self.homes = homes
        self.timeout_seconds = timeout_seconds
        self.patience_seconds = patience_seconds
        # The owners of streams, as earlier answers named them.
        self.owners = {}


class DlogClient:
    """
    The distributed log of a gateway. Streams are named `namespace/name`. The client sends each call to
    the stream's owner and retries temporary failures for `patience_seconds`. Raises Refused, Unknown,
    ConnectionLost. It is not thread-safe: each thread needs a client of its own.
    """

    def __init__(self, homes: Sequence[Tuple[str, int]], timeout_seconds: float = 40, patience_seconds: float = 20):
        self._options = _Options(list(homes), timeout_seconds, patience_seconds)

    def create(self, stream: str, **settings):
        """Creates a stream. Its settings are those of StreamSettings in dlog.thrift: retentionMs=86_400_000."""
        self._once(stream, lambda client: client.createWith(stream, idl().StreamSettings(**settings)))

    def delete(self, stream: str):
        self._once(stream, lambda client: client.deleteStream(stream))

    def list(self, namespace: str) -> Sequence[str]:
        return self._often(namespace, lambda client: client.listStreams(namespace)).streams or []

    def truncate(self, stream: str, at: Position) -> Position:
        """Truncates everything before `at`; never moves backwards. Returns where the stream begins now."""
        answer = self._often(stream, lambda client: client.truncate(stream, at.to_wire(), idl().WriteContext()))
        return Position.from_wire(answer.dlsn)

    def seal(self, stream: str):
        """Seals the stream permanently: it can be read, but no longer written."""
        self._often(stream, lambda client: client.seal(stream, idl().WriteContext()))

    def writer(self, stream: str) -> StreamWriter:
        return StreamWriter(self._options, stream)

    def tail(
        self,
        stream: str,
        start: Union[Position, str, float] = "earliest",
        follow: bool = True,
        wait_seconds: float = 10,
        records_max: int = 1000,
        bytes_max: int = 512 * 1024,
    ) -> Iterator[Union[Record, Moved]]:
        """
        The records of a stream, each once and in order, over lost connections. `start`: "earliest",
        "latest", a Position, or a time in seconds. Ends where the stream was sealed or, without
        `follow`, at the current end of the stream. Closing the iterator closes the connection.
        """
        return tail(self._options, stream, start, follow, wait_seconds, records_max, bytes_max)

    def _often(self, stream, call):
        route = Route(self._options, stream)
        try:
            return route.settled(call)
        finally:
            route.close()

    def _once(self, stream, call):
        """For calls that are not idempotent: after a lost connection their outcome is unknown."""
        route = Route(self._options, stream)
        try:
            while True:
                client = route.client()
                try:
                    answer = call(client)
                except LOST as error:
                    raise Unknown(f"{stream}: the gateway went away: {error}") from error
                if answer.header.code == SUCCESS:
                    return answer
                route.recover(answer.header)
        finally:
            route.close()
