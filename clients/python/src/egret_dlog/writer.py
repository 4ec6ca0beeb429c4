import struct
from collections import deque
from concurrent.futures import Future

from .errors import ConnectionLost, DlogError, Refused, Unknown
from .position import Position
from .route import LOST, SUCCESS, Route, failure_of, idl, is_passing

SET_RECORDS_MAX = 1024
SET_BYTES_MAX = 256 * 1024
SETS_MAX = 8
RECORD_BYTES_MAX = 1024 * 1024 - 8192


class StreamWriter:
    """
    Appends to one stream in the order of the calls, without a hole, from one thread. append() gathers
    records; they are sent as one set (all of it is committed, or none). With eight sets in flight, the
    next append waits for an answer. Each append is a Future of its Position; it fails with Refused (the
    record never appears) or Unknown (it may appear, once). After either, the writer has failed and
    refuses everything: open a new one to continue.
    """

    def __init__(self, options, stream: str):
        self._stream = stream
        self._route = Route(options, stream)
        self._gathered = []
        self._gathered_bytes = 0
        self._waiting = deque()  # sets that were refused temporarily
        self._under_way = deque()
        self._session = 1
        self.fault = None

    def append(self, payload: bytes) -> "Future[Position]":
        future = Future()
        if self.fault is not None:
            future.set_exception(Refused(f"{self._stream}: this writer has failed before: {self.fault}"))
        elif len(payload) > RECORD_BYTES_MAX:
            future.set_exception(Refused(f"a record has {len(payload)} bytes of at most {RECORD_BYTES_MAX}", 413))
        else:
            if self._gathered_bytes + len(payload) + 4 > SET_BYTES_MAX:
                self._send_gathered()
            self._gathered.append((payload, future))
            self._gathered_bytes += len(payload) + 4
            if len(self._gathered) == SET_RECORDS_MAX:
                self._send_gathered()
        return future

    def flush(self):
        """Returns when the outcome of every append is known."""
        self._send_gathered()
        while self._under_way or self._waiting:
            self._step()

    def close(self):
        self.flush()
        self._route.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _send_gathered(self):
        if self._gathered:
            self._waiting.append(self._gathered)
            self._gathered, self._gathered_bytes = [], 0
        if self.fault is not None:
            self._fail(self.fault)
        while len(self._under_way) + len(self._waiting) > SETS_MAX:
            self._step()
        self._send_waiting()

    def _step(self):
        self._send_waiting()
        if self._under_way:
            self._settle_oldest()

    def _send_waiting(self):
        while self._waiting and len(self._under_way) < SETS_MAX:
            try:
                client = self._route.client()
            except ConnectionLost as error:
                # With nothing in flight, a lost connection has cost nothing yet.
                if self._under_way:
                    return
                try:
                    self._route.after_loss(error)
                except ConnectionLost as final:
                    self._fail(final)
                continue
            records = self._waiting.popleft()
            self._under_way.append(records)
            try:
                is_set = len(records) > 1
                data = _encode_set([payload for payload, _ in records]) if is_set else records[0][0]
                ctx = idl().WriteContext(isRecordSet=is_set, session=self._session)
                client._send("writeWithContext", stream=self._stream, data=data, ctx=ctx)
            except LOST as error:
                self._lost(error)

    def _settle_oldest(self):
        try:
            answer = self._receive()
        except LOST as error:
            self._lost(error)
            return
        header, records = answer.header, self._under_way.popleft()
        if header.code == SUCCESS:
            self._route.progressed()
            _committed(records, answer.dlsn)
        elif is_passing(header):
            self._send_again(records, header)
        else:
            fault = failure_of(self._stream, header)
            _told(records, fault)
            self._drain()
            self._fail(fault)

    def _receive(self):
        return self._route.client()._recv("writeWithContext")

    def _send_again(self, records, header):
        """The gateway cancelled all later sets too: everything is resent, in order, in the next session."""
        again = [records]
        try:
            while self._under_way:
                answer = self._receive()
                if answer.header.code == SUCCESS or answer.header.isUnknown:
                    # Resending the sets before it now could put them behind it.
                    fault = failure_of(self._stream, answer.header)
                    _told(self._under_way.popleft(), Unknown(str(fault), fault.code))
                    self._drain()
                    for each in again:
                        _told(each, failure_of(self._stream, header))
                    self._fail(fault)
                    return
                again.append(self._under_way.popleft())
        except LOST as error:
            for each in again:
                _told(each, failure_of(self._stream, header))
            self._lost(error)
            return
        self._session += 1
        self._waiting.extendleft(reversed(again))
        try:
            self._route.recover(header)
        except DlogError as error:
            self._fail(error)

    def _drain(self):
        """Waits for the answers to in-flight requests, which decide their outcome."""
        try:
            while self._under_way:
                answer = self._receive()
                records = self._under_way.popleft()
                if answer.header.code == SUCCESS:
                    _committed(records, answer.dlsn)
                else:
                    _told(records, failure_of(self._stream, answer.header))
        except LOST as error:
            self._lost(error)

    def _lost(self, error):
        self._route.lost()
        while self._under_way:
            _told(self._under_way.popleft(), Unknown(f"{self._stream}: the gateway went away: {error}"))
        self._fail(ConnectionLost(f"{self._stream}: the gateway went away: {error}"))

    def _fail(self, fault):
        """Anything that was never sent, or was refused, is refused."""
        self.fault = self.fault or fault
        refusal = Refused(str(fault), fault.code)
        while self._waiting:
            _told(self._waiting.popleft(), refusal)
        _told(self._gathered, refusal)
        self._gathered, self._gathered_bytes = [], 0


def _committed(records, dlsn):
    segment, entry, slot = Position.from_wire(dlsn)
    for index, (_, future) in enumerate(records):
        future.set_result(Position(segment, entry, slot + index))


def _told(records, error):
    for _, future in records:
        future.set_exception(error)


def _encode_set(payloads) -> bytes:
    """Encodes DistributedLog's LogRecordSet: version, count, bytes twice, then each record after its length."""
    body = b"".join(struct.pack(">I", len(each)) + each for each in payloads)
    return struct.pack(">IIII", 0x1000, len(payloads), len(body), len(body)) + body
