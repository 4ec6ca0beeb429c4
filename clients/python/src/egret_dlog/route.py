import functools
import io
import time
from pathlib import Path

import thriftpy2
from thriftpy2.protocol import TBinaryProtocolFactory
from thriftpy2.rpc import make_client
from thriftpy2.thrift import TException
from thriftpy2.transport import TFramedTransportFactory

from .errors import ConnectionLost, Refused, Unknown

SUCCESS, FOUND = 200, 302
# The request may be retried a little later: 503, 504, 517, 518 and 524 are temporary as well.
PASSING = {FOUND, 503, 504, 517, 518, 524}
PAUSE_SECONDS = 0.2
LOST = (OSError, EOFError, TException)


@functools.lru_cache(maxsize=None)
def idl():
    """The module that thriftpy2 builds from dlog.thrift, without the method whose name it reserves."""
    lines = Path(__file__).with_name("dlog.thrift").read_text().splitlines()
    known = "\n".join(line for line in lines if " delete(" not in line)
    return thriftpy2.load_fp(io.StringIO(known), module_name="egret_dlog_thrift")


def is_passing(header) -> bool:
    return header.code in PASSING and not header.isUnknown


def failure_of(stream: str, header):
    kind = Unknown if header.isUnknown else Refused
    return kind(f"{stream}: {header.errMsg or 'refused'} [{header.code}]", header.code)


class Route:
    """
    One connection, to the gateway that writes a stream; reopened when it is lost or the stream moves. For one
    caller at a time.
    """

    def __init__(self, options, stream: str):
        self._options = options
        self._stream = stream
        self._client = None
        self._failing_since = None
        self._is_owner_gone = False

    def client(self):
        """Connects to the owner if it is known, or to the first gateway that answers. Raises ConnectionLost."""
        if self._client is None:
            self._client = self._connect()
        return self._client

    def settled(self, call):
        """
        Repeats call(client) until the answer is 200. For idempotent calls only. Raises Refused, Unknown,
        ConnectionLost.
        """
        while True:
            try:
                answer = call(self.client())
            except (ConnectionLost, *LOST) as error:
                self.after_loss(error)
                continue
            if answer.header.code == SUCCESS:
                self.progressed()
                return answer
            self.recover(answer.header)

    def progressed(self):
        self._failing_since = None

    def recover(self, header):
        """
        Follows the redirect in the answer, or waits a little. Raises the failure of the answer when it is
        permanent or lasts too long.
        """
        if not is_passing(header) or self._is_late():
            raise failure_of(self._stream, header)
        if header.location:
            host, _, port = header.location.rpartition(":")
            owner = (host, int(port))
            was_sent = self._options.owners.get(self._stream) == owner
            self._options.owners[self._stream] = owner
            self.lost()
            # After a redirect that led nowhere, the caller waits: otherwise it would go in a circle without a
            # pause.
            if not was_sent and not self._is_owner_gone:
                return
            self._is_owner_gone = False
        time.sleep(PAUSE_SECONDS)

    def after_loss(self, error):
        self.lost()
        if self._is_late():
            raise ConnectionLost(f"{self._stream}: {error}") from error
        time.sleep(PAUSE_SECONDS)

    def lost(self):
        if self._client is not None:
            self._client.close()
            self._client = None

    close = lost

    def _is_late(self) -> bool:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since >= self._options.patience_seconds

    def _connect(self):
        owner = self._options.owners.get(self._stream)
        failure = None
        for host, port in ([owner] if owner else []) + list(self._options.homes):
            try:
                return make_client(
                    idl().DistributedLogService,
                    host,
                    port,
                    proto_factory=TBinaryProtocolFactory(),
                    trans_factory=TFramedTransportFactory(),
                    timeout=int(self._options.timeout_seconds * 1000),
                )
            except LOST as error:
                failure = error
                if (host, port) == owner:
                    # A dead owner is still named until its lease has expired.
                    self._options.owners.pop(self._stream, None)
                    self._is_owner_gone = True
        raise ConnectionLost(f"no gateway answers at {self._options.homes}: {failure}")
