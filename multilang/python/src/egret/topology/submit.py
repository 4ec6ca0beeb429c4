"""Submitting: check, pack, upload in chunks, hand the topology over."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from typing import IO, Any

from .jar import check_scripts, resource_files, write_jar
from .model import Topology, TopologyError, check_json
from .nimbus import NimbusClient, SubmitError
from .thrift_model import storm, to_thrift

UPLOAD_CHUNK_BYTES = 307200
"""As Storm's own client cuts them; a frame of Nimbus holds 1 MiB."""


def submit(
    name: str,
    topology: Topology,
    *,
    nimbus: str = "localhost:6627",
    resources: str | os.PathLike[str] = "resources",
    conf: Mapping[str, Any] | None = None,
    active: bool = True,
    include_runtime: bool = True,
    timeout_secs: float = 60,
) -> None:
    """Submits a topology; returns when Nimbus has accepted it.

    `resources` is the directory with the scripts; it becomes their working directory. `conf` is the
    topology's configuration, for instance ``{"topology.workers": 2}``. With ``active=False`` the topology
    starts deactivated. `include_runtime` puts the package ``egret`` and a ``storm.py`` beside the scripts, so
    that workers do not need to have them installed.

    Raises TopologyError when an argument is wrong (a missing script, a conf that is not JSON, a name that
    Storm does not accept) and SubmitError when Nimbus cannot be reached or refuses.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[^/.:\\]+", name):
        raise TopologyError(f"a topology's name must not be empty or hold any of / . : \\, got {name!r}")
    topology_conf = {} if conf is None else conf
    check_json(topology_conf, "the conf of the topology")
    files = resource_files(resources)
    check_scripts(topology, files)
    with tempfile.TemporaryFile(prefix="egret-", suffix=".jar") as jar:
        write_jar(jar, files, include_runtime=include_runtime)
        jar.seek(0)
        with NimbusClient(nimbus, timeout_secs) as client:
            if not client.call("isTopologyNameAllowed", name):
                raise SubmitError(
                    f"Nimbus at {client.address} does not take the name {name!r}: it is not allowed or in use"
                )
            location = _upload(client, jar)
            status = storm().TopologyInitialStatus
            options = storm().SubmitOptions(initial_status=status.ACTIVE if active else status.INACTIVE)
            client.call(
                "submitTopologyWithOpts", name, location, json.dumps(dict(topology_conf)), to_thrift(topology), options
            )


def _upload(client: NimbusClient, jar: IO[bytes]) -> str:
    location: str = client.call("beginFileUpload")
    while chunk := jar.read(UPLOAD_CHUNK_BYTES):
        client.call("uploadChunk", location, chunk)
    client.call("finishFileUpload", location)
    return location
