"""Detection of a framework by its files, and the requirements of SageMaker's layout for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.errors import PackageError
from workbench.packing import model_program, saved_model
from workbench.packing.model_archive import Files
from workbench.packing.model_program import CODE, PROGRAM, PROGRAM_NAME

DESCRIPTION = "model.json"
# Their container cuts leading zeros off, so that nothing is left of 0.
_VERSION = re.compile(r"0*[1-9][0-9]*")
_SAVED_BY_MXNET = ("model-symbol.json", "model-0000.params", "model-shapes.json")
_NUMBER = re.compile(r"-\d{4}(?=\.params$)")


def guessed(found: Files) -> tuple[str | None, str]:
    """Guess the framework from the weights, else from the program's imports, and return it with the evidence.

    Raises:
        PackageError: weights of several frameworks, or neither weights nor a program.
    """
    weights = {name: told for name, entry in FRAMEWORKS.items() if (told := _first_match(found, entry.weights))}
    if len(weights) > 1:
        told = " and ".join(f"{file} of {name}" for name, file in weights.items())
        raise PackageError(f"there is {told}; say which framework serves them with --framework NAME")
    if weights:
        return next(iter(weights.items()))
    if DESCRIPTION in found or any(PurePosixPath(name).name == DESCRIPTION for name in found):
        return None, DESCRIPTION
    if PROGRAM_NAME not in found:
        forms = "; ".join(f"{name}: {', '.join(entry.weights)}" for name, entry in FRAMEWORKS.items())
        raise PackageError(
            f"there are neither weights nor {PROGRAM_NAME}; weights are told by their names ({forms}), others by "
            f"--framework NAME, and a program is named with --inference {_program_at_the_top(found) or 'FILE'}"
        )
    packages = model_program.imported(PROGRAM_NAME, found[PROGRAM_NAME])
    told_by = [name for name, entry in FRAMEWORKS.items() if entry.modules & packages]
    return (told_by[0] if len(told_by) == 1 else None), PROGRAM_NAME


def loads_by_default(found: Files) -> bool:
    """Return whether the container's default ``model_fn`` loads the weights, so that a program may be empty."""
    return _first_match(found, ("*.pt", "*.pth", *_SAVED_BY_MXNET)) is not None


def first_weights(found: Files) -> str | None:
    """Return the name of the first file that is weights of a known framework."""
    return _first_match(found, tuple(pattern for entry in FRAMEWORKS.values() for pattern in entry.weights))


def _first_match(found: Files, patterns: tuple[str, ...]) -> str | None:
    return next((name for name in found for pattern in patterns if PurePosixPath(name).match(pattern)), None)


def _check_weights(framework: str) -> Callable[[Path, Files], Files]:
    """Create a check for a program with weights at the top, the layout of SageMaker's own containers."""

    def check(source: Path, found: Files) -> Files:
        patterns = " or ".join(FRAMEWORKS[framework].weights)
        if PROGRAM_NAME not in found:
            raise PackageError(
                f"{PROGRAM_NAME} is missing, which loads the model for {framework}; {_place_of_program(source, found)}"
                f"name it with --inference {_program_at_the_top(found) or _program_beside(source) or 'FILE'}"
            )
        if all(name.startswith(f"{CODE}/") for name in found):
            raise PackageError(
                f"there are no weights for {framework} ({patterns}) at the top of {source}, beside {CODE}/; put them "
                "there: model_fn gets that folder"
            )
        return found

    return check


def _place_of_program(source: Path, found: Files) -> str:
    """Advice on where to put a program: beside the weights, in a folder of whatever depth."""
    if not source.is_dir():
        return ""
    folder = source / PurePosixPath(first_weights(found) or "").parent
    return f"put it into {folder / CODE}{'' if folder == source else f' and package {folder}'}, or "


def _program_at_the_top(found: Files) -> Path | None:
    """Find a file beside the weights that defines hooks."""
    beside = ((name, path) for name, path in found.items() if "/" not in name and name.endswith(".py"))
    return next((path for name, path in beside if model_program.defines_hooks(name, path)), None)


def _program_beside(weights: Path) -> Path | None:
    """Find the program beside one file with weights."""
    beside = (weights.with_name(PROGRAM), weights.parent / PROGRAM_NAME)
    return next((path for path in beside if path.is_file()), None)


def _check_mxnet(source: Path, found: Files) -> Files:
    """Check that a symbol has its parameters beside it.

    Without a program the weights are for a built-in application, which needs both.
    """
    program = found.get(PROGRAM_NAME)
    if program is not None and "model_fn" not in model_program.defined(PROGRAM_NAME, program):
        for name in _SAVED_BY_MXNET:
            if name not in found:
                raise PackageError(
                    f"{name} is missing, and {PROGRAM_NAME} defines no model_fn; put it beside the others "
                    f"({', '.join(_SAVED_BY_MXNET)}) at the top of {source}, or define model_fn"
                )
    symbols = {name.removesuffix("-symbol.json") for name in found if name.endswith("-symbol.json")}
    params = {name for name in found if name.endswith(".params")}
    # Gluon's own files have no number; a program that builds the network needs no symbol.
    numbered = {name for name in params if program is None or _NUMBER.search(name)}
    folder = source if source.is_dir() else source.parent
    for stem in sorted(symbols - {_NUMBER.sub("", name).removesuffix(".params") for name in params}):
        raise PackageError(f"{stem}-0000.params is missing; put it beside {stem}-symbol.json in {folder}")
    for stem in sorted({_NUMBER.sub("", name).removesuffix(".params") for name in numbered} - symbols):
        raise PackageError(f"{stem}-symbol.json is missing; put it beside {stem}-0000.params in {folder}")
    if not symbols | params and _first_match(found, FRAMEWORKS["onnx"].weights) is None:
        _refuse_other_file(source, "mxnet")
        raise PackageError(f"there is no NAME-symbol.json with NAME-0000.params at the top of {source}; put them there")
    return found


def _refuse_other_file(source: Path, framework: str) -> None:
    """Refuse one file with weights of another framework; nothing can be put into a file.

    Raises:
        PackageError: the source is a file.
    """
    if source.is_file():
        patterns = " or ".join(FRAMEWORKS[framework].weights)
        raise PackageError(f"{source} is no file of {framework} ({patterns}); leave --framework out, or name another")


def _check_onnx(source: Path, found: Files) -> Files:
    if _first_match(found, FRAMEWORKS["onnx"].weights) is None:
        _refuse_other_file(source, "onnx")
        raise PackageError(f"there is no .onnx file in {source}; put it at the top")
    return found


def _check_saved_model(source: Path, found: Files) -> Files:
    """Check a SavedModel and the program that calls it; one at the top is moved into a folder with a number."""
    graphs = [PurePosixPath(name) for name in found if PurePosixPath(name).name == saved_model.GRAPH]
    if not graphs:
        keras = _first_match(found, ("*.h5", "*.keras"))
        if keras is None:
            _refuse_other_file(source, "tensorflow")
        said = f"{keras} is a format of Keras's own" if keras else f"there is no {saved_model.GRAPH} in {source}"
        raise PackageError(f"{said}, and TensorFlow Serving takes a SavedModel; write one with model.export('1')")
    if saved_model.GRAPH in found:
        version = source.name if _VERSION.fullmatch(source.name) else "1"
        found = {
            name if name.startswith(f"{CODE}/") else f"{version}/{name}": path  # no other file has this version
            for name, path in found.items()
        }
    program = found.get(PROGRAM_NAME)
    if program is not None and (lacking := model_program.lacking_handlers(PROGRAM_NAME, program)):
        raise PackageError(lacking)
    for graph in (PurePosixPath(name) for name in found if PurePosixPath(name).name == saved_model.GRAPH):
        if not _VERSION.fullmatch(graph.parent.name):
            raise PackageError(
                f"{graph} is not in a folder with a number from 1 on, and TensorFlow Serving takes a version by its "
                f"number; rename {source / graph.parent} to {source / graph.parent.parent / '1'}"
            )
        saved_model.check(str(graph), found, has_program=program is not None)
    return found


@dataclass(frozen=True)
class _Framework:
    """Signs of a framework, and the requirements of its layout.

    Attributes:
        weights: patterns of its files.
        modules: packages that a program for it imports.
        check: returns the files with their places in the archive, or raises a PackageError.
    """

    weights: tuple[str, ...]
    modules: frozenset[str]
    check: Callable[[Path, Files], Files]


FRAMEWORKS: Mapping[str, _Framework] = {
    "pytorch": _Framework(("*.pt", "*.pth"), frozenset({"torch"}), _check_weights("pytorch")),
    "tensorflow": _Framework(
        (saved_model.GRAPH, "*.h5", "*.keras"), frozenset({"tensorflow", "keras"}), _check_saved_model
    ),
    "sklearn": _Framework(("*.joblib", "*.pkl"), frozenset({"sklearn", "joblib"}), _check_weights("sklearn")),
    "mxnet": _Framework(("*-symbol.json", "*.params"), frozenset({"mxnet"}), _check_mxnet),
    "onnx": _Framework(("*.onnx",), frozenset({"onnxruntime", "onnx"}), _check_onnx),
}
