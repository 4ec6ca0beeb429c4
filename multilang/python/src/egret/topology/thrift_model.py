"""From the model to Storm's Thrift structures. The only module, with nimbus.py, that needs thriftpy2."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from .model import Component, Topology

_MISSING = "submitting a topology needs thriftpy2: python3 -m pip install 'egret[submit]'"


@cache
def storm() -> Any:
    """The module that thriftpy2 makes of storm.thrift. Raises ImportError saying what to install."""
    try:
        import thriftpy2
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return thriftpy2.load(str(Path(__file__).with_name("storm.thrift")), module_name="egret_storm_thrift")


def to_thrift(topology: Topology) -> Any:
    """The StormTopology."""
    types = storm()
    spouts = {spout.id: types.SpoutSpec(spout_object=_shell(spout), common=_common(spout)) for spout in topology.spouts}
    bolts = {bolt.id: types.Bolt(bolt_object=_shell(bolt), common=_common(bolt)) for bolt in topology.bolts}
    return types.StormTopology(spouts=spouts, bolts=bolts, state_spouts={})


def encode(topology: Topology) -> bytes:
    """The StormTopology as Thrift's binary protocol writes it."""
    storm()
    from thriftpy2.utils import serialize

    encoded: bytes = serialize(to_thrift(topology))
    return encoded


def _shell(component: Component) -> Any:
    types = storm()
    shell = types.ShellComponent(execution_command=component.execution_command, script=component.script)
    return types.ComponentObject(shell=shell)


def _common(component: Component) -> Any:
    types = storm()
    inputs = {
        types.GlobalStreamId(componentId=each.source, streamId=each.stream): _grouping(each.grouping)
        for each in component.inputs
    }
    streams = {
        name: types.StreamInfo(output_fields=list(stream.fields), direct=stream.direct)
        for name, stream in component.outputs.items()
    }
    return types.ComponentCommon(
        inputs=inputs,
        streams=streams,
        parallelism_hint=component.parallelism,
        json_conf=json.dumps(component.conf, sort_keys=True),
    )


def _grouping(grouping: Any) -> Any:
    types = storm()
    value = list(grouping.fields) if grouping.kind == "fields" else types.NullStruct()
    return types.Grouping(**{grouping.kind: value})
