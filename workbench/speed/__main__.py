"""``python -m workbench.speed``: what ``make bench`` runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from rich.console import Console

from catalogue import nearest
from workbench import places
from workbench.errors import BenchError, WorkbenchError
from workbench.speed import cases, report
from workbench.speed.cases import Effort
from workbench.speed.material import Material


def main(words: list[str]) -> int:
    """Measures, prints and writes; 0 whether targets are held or missed, 2 when nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m workbench.speed", description=__doc__)
    parser.add_argument(
        "--only", default=os.environ.get("BENCH_ONLY", ""), metavar="A,B", help=f"groups of: {', '.join(cases.GROUPS)}"
    )
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "5")))
    parser.add_argument(
        "--seconds", type=float, default=float(os.environ.get("BENCH_SECONDS", "3")), help="of each measurement"
    )
    parser.add_argument("--output", type=Path, default=places.OUTPUT / "speed", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    arguments = parser.parse_args(words)
    try:
        groups = _groups(arguments.only)
        found = Material.found()
        effort = Effort(arguments.rounds, arguments.seconds)
        _say_what_is_missing(found)
        where, figures = report.machine(), []
        with Console(stderr=True).status("") as status:
            for name in groups:
                status.update(f"measuring {name}: {effort.rounds} rounds of {effort.seconds:g} s each")
                figures += cases.GROUPS[name](found, effort)
    except WorkbenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    written = report.write(figures, where, arguments.output)
    if arguments.json:
        print(json.dumps({"machine": where, "figures": [figure.document() for figure in figures]}, indent=2))
    else:
        report.say(figures)
        print(f"{where['cores']} cores of {where['processor']}; {' and '.join(str(path) for path in written)}")
    return 0


def _groups(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in cases.GROUPS:
            raise BenchError(f"unknown group '{name}'{nearest(name, cases.GROUPS)}; known: {', '.join(cases.GROUPS)}")
    return names or list(cases.GROUPS)


def _say_what_is_missing(found: Material) -> None:
    if found.testdata is None:
        print(
            "no real weights and frames: set IPC_TESTDATA to their folder; only what can be made is measured",
            file=sys.stderr,
        )
    if found.baseline is None:
        print("no plain server to compare with: set IPC_BASELINE to the folder of its server.py", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
