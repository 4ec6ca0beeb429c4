from typing import Iterator, NamedTuple, Union

from .position import Position
from .route import Route, idl


class Record(NamedTuple):
    position: Position
    transaction_id: int
    sequence_id: int
    payload: bytes


class Moved(NamedTuple):
    """The records before `to` were truncated and are skipped; reported once."""

    to: Position


def tail(options, stream, start, follow, wait_seconds, records_max, bytes_max) -> Iterator[Union[Record, Moved]]:
    route = Route(options, stream)
    at = _from(start)
    wait_ms = int(wait_seconds * 1000) if follow else 0
    try:
        while True:
            answer = route.settled(lambda client: client.read(stream, at, records_max, bytes_max, wait_ms))
            following = Position.from_wire(answer.nextDlsn)
            if answer.moved:
                yield Moved(following)
            for each in answer.records or []:
                yield Record(Position.from_wire(each.dlsn), each.transactionId, each.sequenceId, each.payload)
            if answer.isEnd or not (follow or answer.records or answer.moved):
                return
            at = _from(following)
    finally:
        route.close()


def _from(start):
    if isinstance(start, Position):
        return idl().ReadFrom(dlsn=start.to_wire())
    if isinstance(start, (int, float)):
        return idl().ReadFrom(timeMs=int(start * 1000))
    return idl().ReadFrom(**{start: True})
