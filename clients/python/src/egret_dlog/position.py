import base64
import struct
from typing import NamedTuple


class Position(NamedTuple):
    """The name of a record in its stream. Positions compare in the order of the stream."""

    segment: int
    entry: int
    slot: int

    def __str__(self) -> str:
        return f"{self.segment}:{self.entry}:{self.slot}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """The inverse of str(). Raises ValueError."""
        segment, entry, slot = text.split(":")
        return cls(int(segment), int(entry), int(slot))

    def to_wire(self) -> str:
        """The format of the service: a version byte and three big-endian 64-bit integers in base64."""
        return base64.b64encode(struct.pack(">Bqqq", 1, *self)).decode()

    @classmethod
    def from_wire(cls, dlsn: str) -> "Position":
        _, segment, entry, slot = struct.unpack(">Bqqq", base64.b64decode(dlsn))
        return cls(segment, entry, slot)
