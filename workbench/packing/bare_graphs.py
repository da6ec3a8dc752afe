"""ONNX graphs that neither a model.json nor a program describes, which are recognised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from workbench.errors import PackageError, RecognitionError
from workbench.packing import companions, model_program
from workbench.packing.model_program import CODE, PROGRAM
from workbench.recognition import graph_facts
from workbench.recognition.recogniser import Recogniser
from workbench.store.model_folder import DESCRIPTION
from workbench.tables import graph as tables
from workbench.tables.graph import TableGraph

_ENDING = ".onnx"
_OF_HUGGING_FACE = "model.onnx"
_JUNK = frozenset({"__pycache__", "__MACOSX"})
_SHOWN = 6


def as_model_folder(
    source: Path, recogniser: Recogniser, opened: ExitStack, *, archive: str | None = None
) -> Path | None:
    """Make a model folder of a graph that nothing describes.

    Args:
        source: a file or folder.
        recogniser: what recognises the graph.
        opened: what removes the model folder in the end.
        archive: name of the archive that the source was unpacked from.

    Returns:
        The folder; None where something describes the source, or it has no graph, or one of tables.

    Raises:
        RecognitionError: there are several graphs, or the graph is not recognised.
    """
    graph = graph_of(source)
    if graph is None or table_of(graph) is not None:
        return None
    return recogniser.model_folder(graph, opened, archive=archive, because=choice(graph, source))


def choice(graph: Path, source: Path) -> list[str]:
    """Evidence for the choice of a graph among several of a folder."""
    others = [path.name for path in _graphs(source) if path != graph] if source.is_dir() else []
    return [f"{graph.name} is taken, and {_listed(others)} left out"] if others else []


def graph_of(source: Path, *, described_too: bool = False) -> Path | None:
    """Find the graph of a file or folder that nothing describes; None where something does, or there is no graph.

    Args:
        source: a file or folder.
        described_too: whether a graph with a model.json or a program counts.

    Raises:
        RecognitionError: there are several, and none is called as Hugging Face calls the one in full precision.
    """
    if source.is_file():
        if source.suffix.lower() != _ENDING or (is_described(source) and not described_too):
            return None
        return source
    graphs = _graphs(source)
    if not graphs or (not described_too and (any(map(_describes, _files(source))) or has_program(source))):
        return None
    if len(graphs) == 1:
        return graphs[0]
    full = [path for path in graphs if path.name == _OF_HUGGING_FACE]
    if len(full) != 1:
        names = [path.relative_to(source).as_posix() for path in graphs]
        raise RecognitionError(
            f"{source} has {len(graphs)} graphs, {_listed(names)}; name one of the files, or DETECTOR+EMBEDDER"
        )
    return full[0]


def table_of(graph: Path) -> TableGraph | None:
    """Read a model of tables, which is served without a description; None for others.

    Raises:
        RecognitionError: it is no graph.
    """
    is_table = all(each.rank in (1, 2) for each in graph_facts.read(graph).inputs)
    return tables.read(graph) if is_table else None


def is_described(graph: Path) -> bool:
    """Return whether a model.json beside a graph names it."""
    return graph.parent / DESCRIPTION in companions.of(graph)


def has_program(folder: Path) -> bool:
    """Return whether a folder has a program that is to serve its model."""
    return any(
        path.name == PROGRAM or path.parent.name == CODE or (path.parent == folder and _defines_hooks(path))
        for path in _files(folder)
        if path.suffix == ".py"
    )


def _graphs(folder: Path) -> list[Path]:
    return [path for path in _files(folder) if path.suffix.lower() == _ENDING]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if _JUNK.isdisjoint(parts) and not any(part.startswith(".") for part in parts) and path.is_file():
            yield path


def _describes(path: Path) -> bool:
    """Return whether a file describes the model, or is of one that is served without a program."""
    return path.name in (DESCRIPTION, "saved_model.pb") or path.name.endswith("-symbol.json")


def _defines_hooks(path: Path) -> bool:
    try:
        return model_program.defines_hooks(path.name, path)
    except PackageError:  # no Python of today, so no program
        return False


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
