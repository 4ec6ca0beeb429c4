"""``python3 -m egret vendor DIRECTORY`` copies the runtime into a topology's resources, for workers that lack it."""

from __future__ import annotations

import sys
from pathlib import Path

from .vendor import runtime_files


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0 done, 1 failed, 2 usage."""
    if len(arguments) != 2 or arguments[0] != "vendor":
        print("usage: python3 -m egret vendor DIRECTORY", file=sys.stderr)
        return 2
    directory = Path(arguments[1])
    if not directory.is_dir():
        print(f"egret vendor: {directory} is not a directory", file=sys.stderr)
        return 1
    for name, content in runtime_files().items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    print(f"copied egret/ and storm.py into {directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
