"""Submits the word count of this directory.

usage: submit.py INPUT OUTPUT [--nimbus HOST:PORT] [--name NAME] [--workers N]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from egret.topology import SubmitError, TopologyBuilder, TopologyError


def word_count() -> TopologyBuilder:
    """lines -> split -> count -> report; words of one kind meet in one task of `count`."""
    builder = TopologyBuilder()
    builder.set_spout("lines", script="lines.py", outputs=["line"])
    builder.set_bolt("split", script="split.py", outputs=["word"], parallelism=2).shuffle_grouping("lines")
    builder.set_bolt("count", script="count.py", outputs=["word", "count"], parallelism=2).fields_grouping(
        "split", ["word"]
    )
    builder.set_bolt("report", script="report.py", conf={"topology.tick.tuple.freq.secs": 1}).global_grouping("count")
    return builder


def main() -> int:
    parser = argparse.ArgumentParser(description="Submits a word count made of Python scripts.")
    parser.add_argument("input", help="the text to count")
    parser.add_argument("output", help="the file that gets the counts")
    parser.add_argument("--nimbus", default="localhost:6627", metavar="HOST:PORT")
    parser.add_argument("--name", default="python-word-count")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    if not Path(arguments.input).is_file():
        print(f"submit.py: there is no file {arguments.input}", file=sys.stderr)
        return 1
    conf = {
        "topology.workers": arguments.workers,
        "word.count.input": str(Path(arguments.input).resolve()),
        "word.count.output": str(Path(arguments.output).resolve()),
    }
    resources = Path(__file__).with_name("resources")
    try:
        word_count().submit(arguments.name, nimbus=arguments.nimbus, resources=resources, conf=conf)
    except (ImportError, SubmitError, TopologyError) as error:
        print(f"submit.py: {error}", file=sys.stderr)
        return 1
    print(f"submitted {arguments.name} to {arguments.nimbus}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
