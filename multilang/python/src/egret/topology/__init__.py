"""Building topologies of script components in Python and submitting them, without Java.

    from egret.topology import TopologyBuilder

    builder = TopologyBuilder()
    builder.set_spout("lines", script="lines.py", outputs=["line"])
    builder.set_bolt("split", script="split.py", outputs=["word"], parallelism=2).shuffle_grouping("lines")
    builder.set_bolt("count", script="count.py", outputs=["word", "count"]).fields_grouping("split", ["word"])
    builder.submit("word-count", nimbus="localhost:6627", resources="resources", conf={"topology.workers": 2})

Building and checking need nothing but Python; submitting needs ``pip install egret[submit]`` (thriftpy2).
Start at builder.py, then submit.py.
"""

from .builder import BoltDeclarer, TopologyBuilder
from .model import Component, Grouping, Input, Stream, Topology, TopologyError
from .nimbus import SubmitError
from .submit import submit

__all__ = [
    "BoltDeclarer",
    "Component",
    "Grouping",
    "Input",
    "Stream",
    "SubmitError",
    "Topology",
    "TopologyBuilder",
    "TopologyError",
    "submit",
]
