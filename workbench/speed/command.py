"""``ipc-ai speed``, which ``make bench`` runs."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ipc_ai_catalogue import nearest
from workbench import places
from workbench.errors import BenchError

if TYPE_CHECKING:
    from workbench.speed.material import Material


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--only", type=_names, default=[], metavar="A,B", help="groups (default: all)")
    parser.add_argument("--rounds", type=_count, default=5, help="of each measurement (default: 5)")
    parser.add_argument("--seconds", type=_seconds, default=3.0, help="of one measurement of a server (default: 3)")
    parser.add_argument("--output", type=Path, default=places.OUTPUT / "speed", metavar="DIR", help="out/speed")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print and write; 0 whether targets are held or missed."""
    from workbench.speed import cases, report
    from workbench.speed.material import Material
    from workbench.speed.side_by_side import Effort

    for name in arguments.only:
        if name not in cases.GROUPS:
            raise BenchError(f"unknown group '{name}'{nearest(name, cases.GROUPS)}; known: {', '.join(cases.GROUPS)}")
    found = Material.found()
    _say_what_is_missing(found)
    effort = Effort(arguments.rounds, arguments.seconds)
    where, figures, written = report.machine(), [], []
    with Console(stderr=True).status("") as status:
        for name in arguments.only or cases.GROUPS:
            status.update(f"measuring {name}: {effort.rounds} rounds")
            seen = cases.GROUPS[name](found, effort)
            if not seen:
                print(f"{name}: left out, for what it needs is missing", file=sys.stderr)
            figures += seen
            written = report.write(figures, where, arguments.output)  # what there is, should the next group fail
    if arguments.json:
        print(json.dumps({"machine": where, "figures": [figure.document() for figure in figures]}, indent=2))
    else:
        report.say(figures)
        print(f"{where['cores']} cores of {where['processor']}; {', '.join(str(path) for path in written)}")
    return 0


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"'{text}' lacks a name; write groups with commas between")
    return names


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number of rounds; write 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no time; write seconds")
    return value


def _say_what_is_missing(found: Material) -> None:
    if found.testdata is None:
        print("no real weights and frames: what can be made is measured; IPC_TESTDATA names a folder", file=sys.stderr)
    if found.baseline is None:
        print("no plain server beside: IPC_BASELINE names the folder of its server.py", file=sys.stderr)
