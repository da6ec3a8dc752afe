"""Say what an .onnx file is: its head, its preprocessing, its classes, and why; perhaps write its model.json."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from ipc_ai_catalogue import nearest
from workbench.errors import RecognitionError
from workbench.packing import bare_graphs, named_models, source_archives
from workbench.recognition import plain_words
from workbench.recognition import recogniser as recognition
from workbench.recognition.recognised import Recognised
from workbench.recognition.recogniser import Recogniser
from workbench.store import model_folder
from workbench.store.model_folder import DESCRIPTION
from workbench.tables import plain_words as tables_in_words
from workbench.tables.graph import TableGraph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("path", metavar="PATH", help="an .onnx file, a folder with one, or an archive of such a folder")
    recognition.add_arguments(parser)
    parser.add_argument("--application", metavar="TYPE", help="applicationType that it will serve")
    parser.add_argument("--write", action="store_true", help=f"write {DESCRIPTION} beside the file, to be edited")
    parser.add_argument("--force", action="store_true", help=f"with --write, over a {DESCRIPTION} that is there")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Recognise the file, print the result, and write the description."""
    source = Path(arguments.path)
    if not source.exists():
        near = nearest(source.name, [path.name for path in source.parent.glob("*.onnx")])
        raise RecognitionError(f"there is no {source}{near}; name an .onnx file, or a folder with one")
    if arguments.force and not arguments.write:
        raise RecognitionError("--force is for --write; add it, or leave --force out")
    with ExitStack() as opened:
        archive = None
        if source_archives.is_archive(source):
            if arguments.write:
                raise RecognitionError(f"--write cannot write into {source}; unpack it, and name the folder")
            archive, source = named_models.stem(source), opened.enter_context(source_archives.unpacked(source))
        graph = bare_graphs.graph_of(source, described_too=True)
        if graph is None:
            raise RecognitionError(f"{arguments.path} is no .onnx file, and has none; name one")
        if (table := bare_graphs.table_of(graph)) is not None:
            return _print_table(graph, table, arguments)
        description = graph.parent / DESCRIPTION
        if arguments.write and description.exists() and not arguments.force:
            raise RecognitionError(f"{description} is there; edit it, or write it anew with --force")
        recogniser = Recogniser.of(arguments)
        one = None if arguments.write else _described(graph)
        if one is None:
            one = recogniser.recognise(graph, archive=archive, because=bare_graphs.choice(graph, source))
        recogniser.require_used(arguments.path)
        print(json.dumps(plain_words.document(one), indent=2) if arguments.json else "\n".join(plain_words.lines(one)))
        if arguments.write:
            recognition.describe(one, graph.parent)
            print(f"wrote       {description}", file=sys.stderr if arguments.json else sys.stdout)
    return 0


def _print_table(graph: Path, table: TableGraph, arguments: argparse.Namespace) -> int:
    """Print what a model of tables takes and answers."""
    for option in ("head", "classes", "write"):
        if getattr(arguments, option):
            raise RecognitionError(
                f"{arguments.path} is a model of tables, which needs no {DESCRIPTION}; leave --{option} out"
            )
    document = {"file": str(graph), **dataclasses.asdict(table)}
    print(json.dumps(document, indent=2) if arguments.json else "\n".join(tables_in_words.lines(table)))
    return 0


def _described(graph: Path) -> Recognised | None:
    """The model as a model.json beside its graph describes it."""
    if not bare_graphs.is_described(graph):
        return None
    try:
        model = model_folder.read(graph.parent)
    except ValueError as error:
        raise RecognitionError(str(error)) from error
    return Recognised(model, (f"{graph.parent / DESCRIPTION} says so",), graph)
