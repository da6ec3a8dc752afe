"""Compile a model for a faster engine: here, with a proof that its answers are the same, for a GPU, or by Neo."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Protocol, cast

from ipc_ai_catalogue import nearest
from workbench import places
from workbench.errors import CompileError
from workbench.packing import named_models
from workbench.recognition import recogniser as recognition
from workbench.recognition.recogniser import Recogniser

# Module that compiles for each target.
TARGETS = {
    "onnxruntime": "workbench.compilers.onnx.command",
    "tensorrt": "workbench.compilers.tensorrt.command",
    "neo": "workbench.compilers.neo.command",
}


class _Target(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb, and of every target."""
    parser.add_argument(
        "model",
        help="a model of the catalogue in the store, a model folder, a packed model, NAME-symbol.json or NAME.onnx",
    )
    parser.add_argument("--target", default="onnxruntime", help=f"one of {', '.join(TARGETS)} (default: onnxruntime)")
    parser.add_argument("--input-shape", metavar="1,3,H,W", help="shape at the network's input (default: the model's)")
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="where the result goes (out/compiled/MODEL); for neo s3://BUCKET/PREFIX",
    )
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
    parser.add_argument("--application", help="whose files, where the folder holds those of several applications")
    recognition.add_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done; for neo")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = {}
    for name in TARGETS:
        known = list(parser._actions)
        _target(name).add_arguments(parser)
        options[name] = [action for action in parser._actions if action not in known]
    parser.set_defaults(options_by_target=options)


def run(arguments: argparse.Namespace) -> int:
    """Compile for the target."""
    if arguments.target not in TARGETS:
        raise CompileError(
            f"unknown target '{arguments.target}'{nearest(arguments.target, TARGETS)}; targets: {', '.join(TARGETS)}"
        )
    _refuse_options_of_others(arguments)
    recogniser = Recogniser.of(arguments)
    with named_models.as_folders([arguments.model], stores=[arguments.store], recogniser=recogniser) as found:
        arguments.model = found[arguments.model]
        arguments.recognised = recogniser.found
        if "+" in arguments.model and not Path(arguments.model).exists():
            raise CompileError("a pair has two models; compile each half alone, and package the pair of both results")
        return _target(arguments.target).run(arguments)


def _refuse_options_of_others(arguments: argparse.Namespace) -> None:
    for name, actions in arguments.options_by_target.items():
        given = [action.option_strings[0] for action in actions if getattr(arguments, action.dest) != action.default]
        if given and name != arguments.target:
            raise CompileError(f"{', '.join(given)} is for --target {name}; leave it out, or compile for that")


def _target(name: str) -> _Target:
    return cast(_Target, importlib.import_module(TARGETS[name]))
