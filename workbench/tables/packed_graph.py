"""The one graph of tables among the files of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from workbench import typed
from workbench.errors import PackageError, RecognitionError
from workbench.store.model_folder import DESCRIPTION
from workbench.tables import graph
from workbench.tables.graph import TableGraph

NAME = "model.onnx"
"""Name of the graph that the container takes among several."""

_ENDING = ".onnx"


def found_in(files: Mapping[str, Path]) -> tuple[str, TableGraph] | None:
    """Find the graph among files by their names in the archive; None where there is no graph of tables.

    Raises:
        PackageError: there are several graphs of tables and none is called ``model.onnx``, or one cannot be read.
    """
    graphs = {name: path for name, path in files.items() if name.endswith(_ENDING)}
    if NAME in graphs:
        graphs = {NAME: graphs[NAME]}
    # A model.json may be XGBoost's own; where it is ours, checks of a model of images say what is wrong with a graph.
    is_described = any(PurePosixPath(name).name == DESCRIPTION for name in files)
    read = _read_if_whole if is_described else graph.read
    tables = {name: table for name, path in graphs.items() if (table := read(path)) is not None}
    if not tables or (len(tables) == 1 and len(graphs) > 1):
        return None
    if len(tables) > 1:
        raise PackageError(
            f"there are {', '.join(tables)}, which are models of tables; name one of the files, or call one {NAME}"
        )
    return next(iter(tables.items()))


def at_top(files: Mapping[str, Path], name: str) -> dict[str, Path]:
    """Take away the folders that the graph lies in, as the container looks for it at the top."""
    folder = PurePosixPath(name).parent
    around = "" if folder == PurePosixPath() else f"{folder}/"
    return {each.removeprefix(around): path for each, path in files.items()}


def refuse(path: Path, *, called: Path) -> None:
    """Refuse a model of tables, in a file or a folder, where models of images are asked for.

    Args:
        path: its place.
        called: its name in the message.

    Raises:
        PackageError: it is one.
    """
    is_described = (path / DESCRIPTION).is_file()
    graphs = [path] if path.suffix == _ENDING else sorted(path.glob(f"[!.]*{_ENDING}"))
    if is_described or len(graphs) != 1:
        return
    table = _read_if_whole(graphs[0])
    if table is not None:
        raise PackageError(
            f"{called} is a model of tables ({table.columns}), and this is for models of images; "
            f"'{typed.command('up', str(called))}' serves it"
        )


def _read_if_whole(path: Path) -> TableGraph | None:
    try:
        return graph.read(path)
    except RecognitionError:
        return None
