"""The files that a worker without an installed ``egret`` needs in its resources."""

from __future__ import annotations

from pathlib import Path


def runtime_files() -> dict[str, bytes]:
    """Path below resources/ -> content: the package without the builder, and ``storm.py`` for stock scripts."""
    package = Path(__file__).parent
    files = {f"egret/{path.name}": path.read_bytes() for path in sorted(package.glob("*.py"))}
    files["storm.py"] = (package / "resources" / "storm.py").read_bytes()
    return files
