"""Declaring spouts and bolts, in the words of Storm's TopologyBuilder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Union

from .model import DEFAULT_STREAM, Component, Grouping, Input, Stream, Topology, TopologyError, check, check_json
from .submit import submit

Outputs = Union[Sequence[str], Mapping[str, Union[Sequence[str], Stream]]]


class BoltDeclarer:
    """Takes the subscriptions of one bolt; each method returns the declarer, so that they can be chained."""

    def __init__(self, component: Component) -> None:
        self._component = component

    def shuffle_grouping(self, source: str, stream: str = DEFAULT_STREAM) -> BoltDeclarer:
        """Any task, evenly."""
        return self._add(source, stream, Grouping("shuffle"))

    def local_or_shuffle_grouping(self, source: str, stream: str = DEFAULT_STREAM) -> BoltDeclarer:
        """A task of the same worker if there is one, else any, evenly."""
        return self._add(source, stream, Grouping("local_or_shuffle"))

    def fields_grouping(self, source: str, fields: Sequence[str], stream: str = DEFAULT_STREAM) -> BoltDeclarer:
        """Equal values of these fields go to the same task."""
        names = _names(fields, f"the fields of the grouping of {self._component.title}")
        if not names:
            raise TopologyError(f"{self._component.title} groups by no field; use global_grouping for one task")
        return self._add(source, stream, Grouping("fields", names))

    def global_grouping(self, source: str, stream: str = DEFAULT_STREAM) -> BoltDeclarer:
        """Everything to the task with the lowest id."""
        return self._add(source, stream, Grouping("fields"))

    def all_grouping(self, source: str, stream: str = DEFAULT_STREAM) -> BoltDeclarer:
        """A copy to every task."""
        return self._add(source, stream, Grouping("all"))

    def none_grouping(self, source: str, stream: str = DEFAULT_STREAM) -> BoltDeclarer:
        """Any task, at random."""
        return self._add(source, stream, Grouping("none"))

    def direct_grouping(self, source: str, stream: str = DEFAULT_STREAM) -> BoltDeclarer:
        """The producer names the task of each tuple (emit_direct)."""
        return self._add(source, stream, Grouping("direct"))

    def _add(self, source: str, stream: str, grouping: Grouping) -> BoltDeclarer:
        for known in self._component.inputs:
            if (known.source, known.stream) == (source, stream):
                raise TopologyError(f"{self._component.title} reads stream {stream!r} of {source!r} twice")
        self._component.inputs.append(Input(source, stream, grouping))
        return self


class TopologyBuilder:
    """Collects the components of a topology. Raises TopologyError as soon as one cannot be right."""

    def __init__(self) -> None:
        self._components: dict[str, Component] = {}

    def set_spout(
        self,
        id: str,
        script: str,
        *,
        execution_command: str = "python3",
        outputs: Outputs = (),
        parallelism: int = 1,
        conf: Mapping[str, Any] | None = None,
        check_script: bool = True,
    ) -> None:
        """Declares a spout that runs ``execution_command script`` in the topology's resources.

        `outputs` are the field names of the default stream, or a dict from stream to field names or Stream.
        `conf` overrides the topology's configuration for this component. Turn off `check_script` when
        `script` is not a file, as with streamparse's ``streamparse_run``.
        """
        self._add("spout", id, script, execution_command, outputs, parallelism, conf, check_script)

    def set_bolt(
        self,
        id: str,
        script: str,
        *,
        execution_command: str = "python3",
        outputs: Outputs = (),
        parallelism: int = 1,
        conf: Mapping[str, Any] | None = None,
        check_script: bool = True,
    ) -> BoltDeclarer:
        """Declares a bolt; the arguments are those of set_spout. Chain its inputs to the result."""
        return BoltDeclarer(self._add("bolt", id, script, execution_command, outputs, parallelism, conf, check_script))

    def build(self) -> Topology:
        """The topology. Raises TopologyError when a source, stream or field that a bolt reads is not there."""
        topology = Topology(dict(self._components))
        check(topology)
        return topology

    def submit(self, name: str, **options: Any) -> None:
        """Builds the topology and submits it; the options are those of egret.topology.submit."""
        submit(name, self.build(), **options)

    def _add(
        self,
        kind: str,
        id: str,
        script: str,
        execution_command: str,
        outputs: Outputs,
        parallelism: int,
        conf: Mapping[str, Any] | None,
        check_script: bool,
    ) -> Component:
        _check_name(id, f"the id of a {kind}")
        if id in self._components:
            raise TopologyError(f"there are two components with the id {id!r}")
        title = f"{kind} {id!r}"
        if not isinstance(script, str) or not isinstance(execution_command, str) or not execution_command:
            raise TopologyError(
                f"{title} needs an execution_command and a script, got {execution_command!r}, {script!r}"
            )
        if isinstance(parallelism, bool) or not isinstance(parallelism, int) or parallelism < 1:
            raise TopologyError(f"the parallelism of {title} must be a whole number from 1, got {parallelism!r}")
        streams = _streams(outputs, title)
        component_conf = {} if conf is None else conf
        check_json(component_conf, f"the conf of {title}")
        component = Component(
            id, kind, execution_command, script, streams, parallelism, dict(component_conf), check_script
        )
        self._components[id] = component
        return component


def _streams(outputs: Outputs, title: str) -> dict[str, Stream]:
    if not isinstance(outputs, Mapping):
        outputs = {DEFAULT_STREAM: outputs} if outputs else {}
    streams = {}
    for name, declared in outputs.items():
        _check_name(name, f"the name of a stream of {title}")
        stream = declared if isinstance(declared, Stream) else Stream(_names(declared, f"the fields of {title}"))
        fields = _names(stream.fields, f"the fields of stream {name!r} of {title}")
        if len(set(fields)) < len(fields):
            raise TopologyError(f"the fields of stream {name!r} of {title} must differ, got {list(fields)}")
        streams[name] = Stream(fields, stream.direct)
    return streams


def _names(names: Iterable[str], subject: str) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) and name for name in names):
        raise TopologyError(f"{subject} must be a list of names, got {names!r}")
    return tuple(names)


def _check_name(name: Any, subject: str) -> None:
    if not isinstance(name, str) or not name or name.startswith("__"):
        raise TopologyError(f"{subject} must be a string that does not begin with '__', got {name!r}")
