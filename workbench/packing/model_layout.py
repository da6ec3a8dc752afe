"""Layout of a model.tar.gz, by SageMaker's rules for each framework.

The weights lie at the top, and a program with its packages in ``code``: ``code/inference.py`` and
``code/requirements.txt``. TensorFlow Serving takes a SavedModel in a folder whose name is a number. A folder with a
``model.json``, or of the older layout, holds weights for a built-in application and needs no program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.errors import PackageError
from workbench.packing import built_in_weights, framework_layouts, model_program
from workbench.packing.framework_layouts import FRAMEWORKS
from workbench.packing.model_archive import Files
from workbench.packing.model_program import CODE, PROGRAM, PROGRAM_NAME, REQUIREMENTS, REQUIREMENTS_NAME

_CUSTOM = "custom"


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
    """

    framework: str | None
    because: str
    application: str
    model: str | None
    files: Mapping[str, Path]
    moved: tuple[tuple[str, str], ...]

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
        source: the folder or the file.
        framework: one of ``FRAMEWORKS``; None guesses it from the files.
        inference: a program that goes in as code/inference.py.
        requirements: a list of packages that goes in as code/requirements.txt.
        application: the application, for weights that serve several built-in ones.
        without: a file that is never packed, such as an earlier archive among the weights.

    Raises:
        PackageError: a file is missing or misplaced; the message names it and its right place.
    """
    for path in (source, inference, requirements):
        if path is not None and not path.exists():
            raise PackageError(f"there is no {path}; name a folder or a file of this machine")
    found = {name: path for name, path in _files(source).items() if not _is_same(path, without)}
    if not found:
        raise PackageError(f"{source} is empty; put the model's weights into it")
    moved: list[tuple[str, str]] = []
    for given, target in ((inference, PROGRAM_NAME), (requirements, REQUIREMENTS_NAME)):
        if given is not None:
            found = {name: path for name, path in found.items() if not _is_same(path, given)}
            found[target] = given
            moved.append((str(given), target))
    _refuse_misplaced(source, found)
    program = model_program.program_of_another_name(found, hooks_needed=not framework_layouts.loads_by_default(found))
    if program is not None:
        found[PROGRAM_NAME] = found[program]
        moved.append((program, PROGRAM_NAME))
    if REQUIREMENTS_NAME in found and PROGRAM_NAME not in found:
        raise PackageError(
            f"{REQUIREMENTS_NAME} is for a program, and {PROGRAM_NAME} is missing; name one with --inference FILE"
        )
    name, because = (framework, "--framework") if framework else framework_layouts.guessed(found)
    if name is not None:
        before, found = found, FRAMEWORKS[name].check(source, found)
        moved += [(old, new) for new, path in found.items() for old in before.keys() - found if before[old] == path]
    if PROGRAM_NAME in found or name == "tensorflow":
        return ModelLayout(name, because, _CUSTOM, None, found, tuple(moved))
    served, model = built_in_weights.built_in(source, found, application)
    return ModelLayout(name, because, served, model, found, tuple(moved))


def _files(source: Path) -> Files:
    """List all files except hidden ones and Python's compiled modules."""
    if source.is_file():
        return {source.name: source}
    return {
        name.as_posix(): path
        for path in sorted(source.rglob("*"))
        if path.is_file()
        for name in [path.relative_to(source)]
        if not any(part.startswith(".") or part == "__pycache__" for part in name.parts) and path.suffix != ".pyc"
    }


def _is_same(path: Path, other: Path | None) -> bool:
    return other is not None and path.resolve() == other.resolve()


def _refuse_misplaced(source: Path, found: Files) -> None:
    """Refuse files that are misplaced for every framework.

    Raises:
        PackageError: the program or its packages lie at the top, or everything lies in a folder of its own.
    """
    for name, target, option in (
        (PROGRAM, PROGRAM_NAME, "--inference"),
        (REQUIREMENTS, REQUIREMENTS_NAME, "--requirements"),
    ):
        if name in found:
            raise PackageError(
                f"{name} lies at the top of {source}, and belongs into {CODE}/; move it to {target}, or name it with "
                f"{option} {found[name]}"
            )
    tops = {PurePosixPath(name).parts[0] for name in found}
    nested = [name for name in found if PurePosixPath(name).match(f"*/{PROGRAM_NAME}")]
    if PROGRAM_NAME not in found and nested:
        top = PurePosixPath(nested[0]).parts[0]
        raise PackageError(
            f"{PROGRAM_NAME} lies in {top}/, and {CODE}/ belongs to the top of the archive; package {source / top}"
            + ("" if len(tops) == 1 else ", with the other files in it")
        )
