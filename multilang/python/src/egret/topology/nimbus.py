"""A Nimbus client: connects, follows the leader, turns Storm's exceptions into one kind of error."""

from __future__ import annotations

from typing import Any

from .thrift_model import storm

DEFAULT_PORT = 6627


class SubmitError(Exception):
    """The topology was not submitted; the text says why, in Nimbus's words where Nimbus refused it."""


class NimbusClient:
    """A connection to the leading Nimbus (framed binary Thrift). Use it in a ``with`` block."""

    def __init__(self, address: str, timeout_secs: float) -> None:
        self._timeout_ms = int(timeout_secs * 1000)
        host, port = parse_address(address)
        self.address = f"{host}:{port}"
        self._client = self._connect(host, port)
        self._follow_leader(host, port)

    def __enter__(self) -> NimbusClient:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._client.close()

    def call(self, method: str, *arguments: Any) -> Any:
        """Calls a method of the Nimbus service. Raises SubmitError for whatever goes wrong."""
        from thriftpy2.thrift import TException

        types = storm()
        try:
            return getattr(self._client, method)(*arguments)
        except types.AlreadyAliveException as error:
            raise SubmitError(f"Nimbus at {self.address} refused: {error.msg}") from None
        except types.InvalidTopologyException as error:
            raise SubmitError(f"Nimbus at {self.address} finds the topology invalid: {error.msg}") from None
        except types.AuthorizationException as error:
            raise SubmitError(f"Nimbus at {self.address} does not allow {method}: {error.msg}") from None
        except (TException, OSError) as error:
            raise SubmitError(f"{method} failed at Nimbus {self.address}: {_text(error)}") from None

    def _connect(self, host: str, port: int) -> Any:
        types = storm()
        from thriftpy2.protocol import TBinaryProtocolFactory
        from thriftpy2.rpc import make_client
        from thriftpy2.thrift import TException
        from thriftpy2.transport import TFramedTransportFactory

        try:
            return make_client(
                types.Nimbus,
                host,
                port,
                proto_factory=TBinaryProtocolFactory(),
                trans_factory=TFramedTransportFactory(),
                timeout=self._timeout_ms,
            )
        except (TException, OSError) as error:
            raise SubmitError(f"cannot reach Nimbus at {self.address}: {_text(error)}") from None

    def _follow_leader(self, host: str, port: int) -> None:
        leader = self.call("getLeader")
        if (leader.host, leader.port) == (host, port):
            return
        self._client.close()
        self.address = f"{leader.host}:{leader.port} (the leader that {self.address} names)"
        self._client = self._connect(leader.host, leader.port)


def parse_address(address: str) -> tuple[str, int]:
    """Host and port of ``host``, ``host:port`` or ``[v6]:port``. Raises SubmitError for anything else."""
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, str(DEFAULT_PORT)
    host = host.strip("[]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SubmitError(f"expected the address of Nimbus as host:port, got {address!r}")
    return host, int(port)


def _text(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    message = getattr(error, "message", None) or str(error)
    return f"{message} ({cause})" if isinstance(cause, OSError) and str(cause) not in message else message
