"""Compile a model for where it will run: SageMaker Neo."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from workbench import neo_compile

_TARGETS: Mapping[str, Callable[[argparse.Namespace], int]] = {"neo": neo_compile.run}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("model", metavar="MODEL", help="name of a model of the store, or its folder")
    parser.add_argument("--target", required=True, choices=tuple(_TARGETS), help="what compiles it")
    parser.add_argument("--output", metavar="PLACE", help="where the result goes; s3://BUCKET/PREFIX for neo")
    parser.add_argument("--input-shape", metavar="N,C,H,W", help="shape of the input, 1,3,416,416 for example")
    parser.add_argument("--application", help="whose files, where the folder holds those of several applications")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    neo_compile.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs what compiles for the target."""
    return _TARGETS[arguments.target](arguments)
