"""Layout of a model.tar.gz, by SageMaker's rules for each framework.

The weights lie at the top, and a program with its packages in ``code``: ``code/inference.py`` and
``code/requirements.txt``. TensorFlow Serving takes a SavedModel in a folder whose name is a number. A folder with a
``model.json``, or of the older layout, holds weights for a built-in application and needs no program; nor does the
graph of a model of tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.errors import PackageError
from workbench.packing import (
    built_in_weights,
    companions,
    framework_layouts,
    model_program,
    places_of_files,
    requirements_file,
)
from workbench.packing.framework_layouts import FRAMEWORKS
from workbench.packing.model_archive import Files
from workbench.packing.model_program import PROGRAM_NAME, REQUIREMENTS_NAME
from workbench.tables import packed_graph
from workbench.tables.graph import TableGraph

_CUSTOM = "custom"
_JUNK = frozenset({"__pycache__", "__MACOSX"})


@dataclass(frozen=True)
class ModelLayout:
    """Content of an archive.

    Attributes:
        framework: its name in ``FRAMEWORKS``; None for a program with weights of no known framework.
        because: the file that identified it.
        application: the value of applicationType that serves it.
        model: the name of its model; None for a program of the user's own.
        files: files by their name in the archive.
        moved: files whose place differs from the source, as ``(there, here)``.
        table: what the model takes and answers, where it is one of tables without a program.
    """

    framework: str | None
    because: str
    application: str
    model: str | None
    files: Mapping[str, Path]
    moved: tuple[tuple[str, str], ...]
    table: TableGraph | None = None

    @property
    def served_by_our_image(self) -> bool:
        """Return whether the image of this project can run it."""
        return self.framework != "tensorflow"


def lay_out(
    source: Path,
    *,
    framework: str | None = None,
    inference: Path | None = None,
    requirements: Path | None = None,
    application: str | None = None,
    without: Path | None = None,
) -> ModelLayout:
    """Lay out a folder, or one file with weights.

    Args:
        source: the folder or the file, with which its companions are packed.
        framework: one of ``FRAMEWORKS``; None guesses it from the files.
        inference: a program that goes in as code/inference.py.
        requirements: a list of packages that goes in as code/requirements.txt.
        application: the application, for weights that serve several built-in ones.
        without: a file that is never packed, such as an earlier archive among the weights.

    Raises:
        PackageError: a file is missing or misplaced; the message names it and its right place.
    """
    if not source.exists():
        raise PackageError(f"there is no {source}; name a folder or a file of this machine")
    found = {name: path for name, path in _files(source).items() if not _is_same(path, without)}
    if not found:
        raise PackageError(f"{source} is empty; put the model's weights into it")
    as_named = found
    found, moved = places_of_files.unwrapped(found)
    as_named = as_named | found  # an option names a file with the folder around everything or without it
    was_at_top = False
    for option, given, target in (
        ("--inference", inference, PROGRAM_NAME),
        ("--requirements", requirements, REQUIREMENTS_NAME),
    ):
        if given is not None:
            path = _given(given, option, as_named)
            was_at_top |= target == PROGRAM_NAME and any("/" not in n and _is_same(p, path) for n, p in found.items())
            found = {name: each for name, each in found.items() if not _is_same(each, path)}
            found[target] = path
            moved.append((str(given), target))
    found, into_code = places_of_files.with_program_in_code(found, was_at_top=was_at_top)
    moved += into_code
    program = model_program.program_of_another_name(found, hooks_needed=not framework_layouts.loads_by_default(found))
    if program is not None:
        found[PROGRAM_NAME] = found[program]
        moved.append((program, PROGRAM_NAME))
    if REQUIREMENTS_NAME in found and PROGRAM_NAME not in found:
        raise PackageError(
            f"{REQUIREMENTS_NAME} is for a program, and {PROGRAM_NAME} is missing; name one with --inference FILE"
        )
    if REQUIREMENTS_NAME in found:
        requirements_file.check(found[REQUIREMENTS_NAME])
    name, because = (framework, "--framework") if framework else framework_layouts.guessed(found)
    if name is not None:
        before, found = found, FRAMEWORKS[name].check(source, found)
        moved += [(old, new) for new, path in found.items() for old in before.keys() - found if before[old] == path]
    if PROGRAM_NAME in found or name == "tensorflow":
        return ModelLayout(name, because, _CUSTOM, None, found, tuple(moved))
    table = packed_graph.found_in(found) if name == "onnx" else None
    if table is not None:
        return _of_table(*table, found, moved, application)
    served, model = built_in_weights.built_in(source, found, application)
    built_in_weights.require_files(found, served)
    found, renamed = built_in_weights.under_their_names(found)
    moved += renamed
    return ModelLayout(name, because, served, model, found, tuple(moved))


def _of_table(
    graph: str, table: TableGraph, found: Files, moved: list[tuple[str, str]], application: str | None
) -> ModelLayout:
    """Lay out a model of tables, which the container serves without a program.

    Raises:
        PackageError: another application is asked for.
    """
    if application not in (None, _CUSTOM):
        raise PackageError(
            f"{graph} is a model of tables ({table.columns}), which {_CUSTOM} serves and {application} does not; leave "
            "--application out"
        )
    placed = packed_graph.at_top(found, graph)
    if graph not in placed:
        moved = [*moved, (f"{PurePosixPath(graph).parent}/", "the top")]
    return ModelLayout("onnx", graph, _CUSTOM, None, placed, tuple(moved), table)


def _files(source: Path) -> Files:
    """List all files except hidden ones, what macOS puts into archives, and Python's compiled modules."""
    if source.is_file():
        return {path.relative_to(source.parent).as_posix(): path for path in (source, *companions.of(source))}
    return {
        name.as_posix(): path
        for path in sorted(source.rglob("*"))
        if path.is_file()
        for name in [path.relative_to(source)]
        if _JUNK.isdisjoint(name.parts) and not any(part.startswith(".") for part in name.parts)
        if path.suffix != ".pyc"
    }


def _given(path: Path, option: str, found: Files) -> Path:
    """File of an option, on this machine or, by its name there, among the files of the source.

    Raises:
        PackageError: it is neither, or no file.
    """
    if path.is_file():
        return path
    if path.exists():
        raise PackageError(f"{path} is no file; name a file with {option} FILE")
    if path.as_posix() in found:
        return found[path.as_posix()]
    raise PackageError(f"there is no {path}; name a file of this machine with {option} FILE")


def _is_same(path: Path, other: Path | None) -> bool:
    return other is not None and path.resolve() == other.resolve()
