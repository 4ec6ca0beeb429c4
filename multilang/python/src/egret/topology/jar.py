"""The jar that carries a topology's scripts: a zip whose ``resources/`` becomes the components' working directory."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path
from typing import IO

from ..vendor import runtime_files
from .model import Component, Topology, TopologyError

# Every build of the same files gives the same bytes; 1980 is the least that a zip can say.
_DATE = (1980, 1, 1, 0, 0, 0)
_IGNORED = {"__pycache__", ".git", ".DS_Store"}


def resource_files(directory: str | os.PathLike[str]) -> dict[str, Path]:
    """Path below resources/ -> file, without caches. Raises TopologyError when there is no such directory."""
    root = Path(directory)
    if not root.is_dir():
        raise TopologyError(f"the resources directory {root} is not there")
    files = {}
    for folder, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(set(folders) - _IGNORED)
        for name in sorted(names):
            if name not in _IGNORED and not name.endswith(".pyc"):
                path = Path(folder) / name
                files[path.relative_to(root).as_posix()] = path
    return files


def check_scripts(topology: Topology, files: dict[str, Path]) -> None:
    """Raises TopologyError for a component whose script, or whose own program, is not in the resources."""
    for component in topology.components.values():
        if component.checks_script:
            command = component.execution_command
            if "/" in command and not command.startswith("/"):
                _check_program(component, command, files)
            if component.script:
                _check_there(component, "script", component.script, files)


def write_jar(target: IO[bytes], files: dict[str, Path], *, include_runtime: bool) -> None:
    """Writes the jar; with `include_runtime` also the runtime of this package, unless the resources hold their own."""
    vendored = runtime_files() if include_runtime else {}
    if "egret/__init__.py" in files:
        vendored = {name: content for name, content in vendored.items() if not name.startswith("egret/")}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as jar:
        jar.writestr(_entry("META-INF/MANIFEST.MF", 0o644), b"Manifest-Version: 1.0\r\n\r\n")
        for name in sorted({*files, *vendored}):
            if name in files:
                with jar.open(_entry(f"resources/{name}", files[name].stat().st_mode), "w") as entry:
                    with open(files[name], "rb") as source:
                        shutil.copyfileobj(source, entry)
            else:
                jar.writestr(_entry(f"resources/{name}", 0o644), vendored[name])


def _check_program(component: Component, command: str, files: dict[str, Path]) -> None:
    path = os.path.normpath(command)
    _check_there(component, "execution_command", path, files)
    if not os.access(files[path], os.X_OK):
        raise TopologyError(f"the execution_command {command} of {component.title} is not executable ({files[path]})")


def _check_there(component: Component, what: str, name: str, files: dict[str, Path]) -> None:
    if os.path.normpath(name) not in files:
        raise TopologyError(
            f"the {what} {name} of {component.title} is not in the resources (there are: {_some(sorted(files))})"
        )


def _some(names: list[str]) -> str:
    if not names:
        return "none"
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, so that the mode counts: programs stay executable
    entry.external_attr = (0o100000 | (mode & 0o777)) << 16
    return entry
