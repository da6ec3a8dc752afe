"""Export a GluonCV detector to a model folder, with GluonCV's weights, your own or random ones."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import Model, UnknownNameError
from workbench import places
from workbench.errors import ExportError
from workbench.steps import Steps
from workbench.store import model_folder

EXPORTS = places.OUTPUT / "export"
_ALL_CLASSES = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("model", help="a GluonCV detector of the catalogue")
    parser.add_argument(
        "--classes",
        default="person",
        metavar="A,B",
        help="classes to keep, with commas between, or all; every box counts whatever its class (default: person)",
    )
    weights = parser.add_mutually_exclusive_group()
    weights.add_argument("--random-weights", action="store_true", help="no download: right size and speed, no meaning")
    weights.add_argument("--weights", type=Path, metavar="FILE", help=".params of your own training with GluonCV")
    parser.add_argument("--seed", type=_seed, default=0, help="of random weights (default: 0)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the model folder (default: out/export/MODEL)")
    parser.add_argument("--json", action="store_true", help="say what was written as JSON")


def _seed(text: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", text) or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"'{text}' is not a seed; write a whole number from 0 to {2**32 - 1}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Build the network, give it weights, export it and describe it."""
    model = _exportable(arguments.model)
    classes = _classes(arguments.classes)
    if arguments.weights and not arguments.weights.is_file():
        raise ExportError(f"there is no file {arguments.weights}; give the .params that your training wrote")
    folder = arguments.output or EXPORTS / model.name
    _refuse_other_folder(folder)
    from workbench.camera.photograph import prepared
    from workbench.export import zoo

    with Steps(quiet=arguments.json) as steps:
        tensor = prepared(model.input)
        if arguments.random_weights:
            weights, note = (
                zoo.random(tensor, seed=arguments.seed),
                f"Random weights, seed {arguments.seed}: no meaning.",
            )
        elif arguments.weights:
            weights, note = zoo.own(arguments.weights), "Weights of your own; the network is GluonCV's, Apache-2.0."
        else:
            weights, note = zoo.trained_on_coco(model.name), "GluonCV code and COCO-trained weights."
        steps.next("building the network and its weights")
        network = zoo.build(model.name, classes, weights)
        steps.next("writing the model folder")
        with model_folder.replaced(folder) as building:
            files = zoo.export(network, tensor, building, model.name)
            licence = dataclasses.replace(model.licence, note=note)
            title = f"{model.title} ({', '.join(classes) or 'COCO'})"
            described = dataclasses.replace(model, title=title, licence=licence)
            model_folder.describe(building, described, files)
    written = {
        "model": model.name,
        "folder": str(folder),
        "classes": classes or [_ALL_CLASSES],
        "files": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
    }
    if arguments.json:
        print(json.dumps(written, indent=2))
    else:
        print(f"{model.name} is in {folder}")
        print(f"run here: {model_folder.serving_command(model, folder)}")
    return 0


def exportable_models() -> list[str]:
    """Models of the catalogue that are GluonCV's own networks."""
    return [
        model.name
        for model in catalogue.load().models.values()
        if model.head == "gluoncv" and model.title.startswith("GluonCV ")
    ]


def _exportable(name: str) -> Model:
    """Find the model in the catalogue.

    Raises:
        UnknownNameError: it is not one of GluonCV's.
    """
    if name not in exportable_models():
        raise UnknownNameError("GluonCV detector", name, exportable_models())
    return catalogue.load().model(name)


def _classes(text: str) -> list[str]:
    """Parse the classes asked for; empty for all."""
    if text == _ALL_CLASSES:
        return []
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise ExportError(f"--classes is '{text}'; write each class once, with commas between, or all")
    return names


def _refuse_other_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "model.json").is_file())):
        raise ExportError(f"{folder} is there and is no model folder; name another with --output")
