"""A topology as data, and what must hold for it: what Nimbus would refuse is refused here, naming what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_STREAM = "default"


class TopologyError(ValueError):
    """The topology cannot work; the text names the component, the stream or the field, and what is there instead."""


@dataclass(frozen=True)
class Stream:
    """An output stream: the names of its values, and whether the producer names the task for each tuple."""

    fields: tuple[str, ...]
    direct: bool = False


@dataclass(frozen=True)
class Grouping:
    """How a bolt's tasks share a stream.

    `kind` is the name in Storm's Thrift union. A global grouping is ``fields`` without fields.
    """

    kind: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """One subscription of a bolt."""

    source: str
    stream: str
    grouping: Grouping


@dataclass
class Component:
    """A spout or bolt that runs ``execution_command script`` in the topology's resources."""

    id: str
    kind: str
    execution_command: str
    script: str
    outputs: dict[str, Stream]
    parallelism: int
    conf: dict[str, Any]
    checks_script: bool
    inputs: list[Input] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What error texts call it."""
        return f"{self.kind} {self.id!r}"


@dataclass(frozen=True)
class Topology:
    """Components by id. Made by TopologyBuilder.build, which has checked it."""

    components: Mapping[str, Component]

    @property
    def spouts(self) -> list[Component]:
        """In the order in which they were declared."""
        return [component for component in self.components.values() if component.kind == "spout"]

    @property
    def bolts(self) -> list[Component]:
        """In the order in which they were declared."""
        return [component for component in self.components.values() if component.kind == "bolt"]


def check(topology: Topology) -> None:
    """Raises TopologyError for the first thing that Storm would refuse or could never run."""
    if not topology.spouts:
        raise TopologyError("the topology has no spout, so nothing would ever flow")
    for component in topology.components.values():
        for subscription in component.inputs:
            _check_input(topology, component, subscription)


def check_json(value: Any, subject: str) -> None:
    """Raises TopologyError unless the value is a JSON object."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise TopologyError(f"{subject} must be a dictionary with string keys, got {value!r}")
    try:
        json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TopologyError(f"{subject} cannot be written as JSON: {error}") from None


def _check_input(topology: Topology, component: Component, subscription: Input) -> None:
    source = topology.components.get(subscription.source)
    if source is None:
        raise TopologyError(
            f"{component.title} reads from {subscription.source!r}, which is not a component "
            f"(there are: {_listed(topology.components)})"
        )
    stream = source.outputs.get(subscription.stream)
    if stream is None:
        raise TopologyError(
            f"{component.title} reads stream {subscription.stream!r} of {source.title}, which it does not declare "
            f"(it declares: {_listed(source.outputs)})"
        )
    for name in subscription.grouping.fields:
        if name not in stream.fields:
            raise TopologyError(
                f"{component.title} groups by field {name!r}, which stream {subscription.stream!r} of {source.title} "
                f"does not have (it has: {_listed(stream.fields)})"
            )
    if stream.direct != (subscription.grouping.kind == "direct"):
        raise TopologyError(
            f"{component.title} reads stream {subscription.stream!r} of {source.title} by {subscription.grouping.kind} "
            f"grouping, but that stream is {'' if stream.direct else 'not '}declared direct"
        )


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
