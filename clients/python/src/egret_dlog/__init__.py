"""The distributed log of an Egret gateway: start at client.py."""

from .client import DlogClient
from .errors import ConnectionLost, DlogError, Refused, Unknown
from .position import Position
from .tail import Moved, Record
from .writer import StreamWriter

__all__ = [
    "ConnectionLost",
    "DlogClient",
    "DlogError",
    "Moved",
    "Position",
    "Record",
    "Refused",
    "StreamWriter",
    "Unknown",
]
