"""What goes where in a model.tar.gz, by SageMaker's layout for each framework.

The weights lie at the top, and a program with its packages in ``code``: ``code/inference.py`` and
``code/requirements.txt``. TensorFlow Serving takes a SavedModel in a folder whose name is a number. A folder with a
``model.json``, or of the older layout, holds weights for a built-in application and needs no program.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import catalogue
from catalogue import CatalogueError, nearest
from workbench.errors import PackageError

CODE = "code"
PROGRAM = "inference.py"
REQUIREMENTS = "requirements.txt"
_PROGRAM_NAME, _REQUIREMENTS_NAME = f"{CODE}/{PROGRAM}", f"{CODE}/{REQUIREMENTS}"
_DESCRIPTION = "model.json"
_SAVED_MODEL = "saved_model.pb"
_CUSTOM = "custom"
_HOOKS = frozenset({"model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn"})

Files = dict[str, Path]
"""Files by their name in the archive."""


@dataclass(frozen=True)
class ModelLayout:
    """What an archive will hold.

    Attributes:
        framework: its name in ``FRAMEWORKS``; None for a program whose weights are in none of their forms.
        because: the file that told.
        application: the value of applicationType that serves it.
        model: the name of its model; None for a program of the user's own.
        files: files by their name in the archive.
        moved: what lies elsewhere than in the source, as ``(there, here)``.
    """

    framework: str | None
    because: str
    application: str
    model: str | None
    files: Mapping[str, Path]
    moved: tuple[tuple[str, str], ...]

    @property
    def served_by_our_image(self) -> bool:
        """Whether the image of this project can run it."""
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
    """The layout of a folder, or of one file with weights.

    Args:
        source: the folder or the file.
        framework: one of ``FRAMEWORKS``; None guesses it from the files.
        inference: a program that goes in as code/inference.py.
        requirements: a list of packages that goes in as code/requirements.txt.
        application: for weights of a built-in application that serve several: which.
        without: a file that is never packed, where an earlier archive lies among the weights.

    Raises:
        PackageError: something is missing or in the wrong place; the message says what, and where it belongs.
    """
    for path in (source, inference, requirements):
        if path is not None and not path.exists():
            raise PackageError(f"there is no {path}; name a folder or a file of this machine")
    found = {name: path for name, path in _files(source).items() if not _is_same(path, without)}
    if not found:
        raise PackageError(f"{source} is empty; put the model's weights into it")
    moved: list[tuple[str, str]] = []
    for given, target in ((inference, _PROGRAM_NAME), (requirements, _REQUIREMENTS_NAME)):
        if given is not None:
            found = {name: path for name, path in found.items() if not _is_same(path, given)}
            found[target] = given
            moved.append((str(given), target))
    _refuse_misplaced(source, found)
    program = _only_program(found)
    if program is not None:
        found[_PROGRAM_NAME] = found[program]
        moved.append((program, _PROGRAM_NAME))
    if _REQUIREMENTS_NAME in found and _PROGRAM_NAME not in found:
        raise PackageError(
            f"{_REQUIREMENTS_NAME} is for a program, and {_PROGRAM_NAME} is missing; name one with --inference FILE"
        )
    name, because = (framework, "--framework") if framework else _guessed(found)
    if name is not None:
        before, found = found, FRAMEWORKS[name].check(source, found)
        moved += [(old, new) for new, path in found.items() for old in before.keys() - found if before[old] == path]
    if _PROGRAM_NAME in found or name == "tensorflow":
        return ModelLayout(name, because, _CUSTOM, None, found, tuple(moved))
    served, model = _built_in(source, found, application)
    return ModelLayout(name, because, served, model, found, tuple(moved))


def _files(source: Path) -> Files:
    """All files but hidden ones and what Python compiles for itself."""
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
    """What lies in the wrong place whatever the framework.

    Raises:
        PackageError: the program or its packages lie at the top, or everything lies in a folder of its own.
    """
    for name, target, option in (
        (PROGRAM, _PROGRAM_NAME, "--inference"),
        (REQUIREMENTS, _REQUIREMENTS_NAME, "--requirements"),
    ):
        if name in found:
            raise PackageError(
                f"{name} lies at the top of {source}, and belongs into {CODE}/; move it to {target}, or name it with "
                f"{option} {found[name]}"
            )
    tops = {PurePosixPath(name).parts[0] for name in found}
    nested = [name for name in found if PurePosixPath(name).match(f"*/{_PROGRAM_NAME}")]
    if _PROGRAM_NAME not in found and nested:
        top = PurePosixPath(nested[0]).parts[0]
        raise PackageError(
            f"{_PROGRAM_NAME} lies in {top}/, and {CODE}/ belongs to the top of the archive; package {source / top}"
            + ("" if len(tops) == 1 else ", with the other files in it")
        )


def _only_program(found: Files) -> str | None:
    """The one program in code/ that defines hooks under another name; None where code/inference.py is there.

    Raises:
        PackageError: there are several, or none.
    """
    programs = [name for name in found if name.startswith(f"{CODE}/") and name.count("/") == 1 and name.endswith(".py")]
    if _PROGRAM_NAME in found or not programs:
        return None
    hooked = [name for name in programs if _HOOKS & _functions(name, found[name])]
    if len(hooked) == 1:
        return hooked[0]
    said = f"{', '.join(hooked)} all define hooks" if hooked else f"no file in {CODE}/ defines {_a_hook()}"
    raise PackageError(f"{_PROGRAM_NAME} is missing, and {said}; name the program with --inference FILE")


def _a_hook() -> str:
    return "model_fn, input_fn, predict_fn, output_fn or transform_fn"


def _tree(name: str, path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise PackageError(f"{name} is not Python{f', see its line {line}' if line else ''}: {error}") from error


def _functions(name: str, path: Path) -> set[str]:
    return {node.name for node in _tree(name, path).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _imports(name: str, path: Path) -> set[str]:
    """Top-level packages that a program imports."""
    imported: set[str] = set()
    for node in ast.walk(_tree(name, path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.add(node.module.split(".")[0])
    return imported


def _guessed(found: Files) -> tuple[str | None, str]:
    """The framework that the weights tell, else the program's imports; and what told.

    Raises:
        PackageError: weights of several frameworks, or neither weights nor a program.
    """
    weights = {name: told for name, entry in FRAMEWORKS.items() if (told := _first_match(found, entry.weights))}
    if len(weights) > 1:
        told = " and ".join(f"{file} of {name}" for name, file in weights.items())
        raise PackageError(f"there is {told}; say which framework serves them with --framework NAME")
    if weights:
        return next(iter(weights.items()))
    if _DESCRIPTION in found or any(PurePosixPath(name).name == _DESCRIPTION for name in found):
        return None, _DESCRIPTION
    if _PROGRAM_NAME not in found:
        forms = "; ".join(f"{name}: {', '.join(entry.weights)}" for name, entry in FRAMEWORKS.items())
        raise PackageError(
            f"there are neither weights nor {_PROGRAM_NAME}; weights are told by their names ({forms}), others by "
            "--framework NAME, and a program is named with --inference FILE"
        )
    imported = _imports(_PROGRAM_NAME, found[_PROGRAM_NAME])
    told_by = [name for name, entry in FRAMEWORKS.items() if entry.modules & imported]
    return (told_by[0] if len(told_by) == 1 else None), _PROGRAM_NAME


def _first_match(found: Files, patterns: tuple[str, ...]) -> str | None:
    return next((name for name in found for pattern in patterns if PurePosixPath(name).match(pattern)), None)


def _check_weights(framework: str) -> Callable[[Path, Files], Files]:
    """A check for a program with weights at the top, as SageMaker's own containers take them."""

    def check(source: Path, found: Files) -> Files:
        patterns = " or ".join(FRAMEWORKS[framework].weights)
        if _PROGRAM_NAME not in found:
            raise PackageError(
                f"{_PROGRAM_NAME} is missing, which loads the model for {framework}; put it into {source / CODE}, or "
                "name it with --inference FILE"
            )
        if all(name.startswith(f"{CODE}/") for name in found):
            raise PackageError(
                f"there are no weights for {framework} ({patterns}) at the top of {source}, beside {CODE}/; put them "
                "there: model_fn gets that folder"
            )
        return found

    return check


def _check_symbol(source: Path, found: Files) -> Files:
    """MXNet's symbol has its parameters beside it, and they have it."""
    symbols = {name.removesuffix("-symbol.json") for name in found if name.endswith("-symbol.json")}
    params = {re.sub(r"-\d{4}\.params$", "", name) for name in found if name.endswith(".params")}
    for stem in sorted(symbols - params):
        raise PackageError(f"{stem}-0000.params is missing; put it beside {stem}-symbol.json in {source}")
    for stem in sorted(params - symbols):
        raise PackageError(f"{stem}-symbol.json is missing; put it beside {stem}-0000.params in {source}")
    if not symbols:
        raise PackageError(f"there is no NAME-symbol.json with NAME-0000.params at the top of {source}; put them there")
    return found


def _check_onnx(source: Path, found: Files) -> Files:
    if _first_match(found, FRAMEWORKS["onnx"].weights) is None:
        raise PackageError(f"there is no .onnx file in {source}; put it at the top")
    return found


def _check_saved_model(source: Path, found: Files) -> Files:
    """A SavedModel lies in a folder with a number; one at the top is moved into ``1``."""
    graphs = [PurePosixPath(name) for name in found if PurePosixPath(name).name == _SAVED_MODEL]
    if not graphs:
        keras = _first_match(found, ("*.h5", "*.keras"))
        said = f"{keras} is a format of Keras's own" if keras else f"there is no {_SAVED_MODEL} in {source}"
        raise PackageError(f"{said}, and TensorFlow Serving takes a SavedModel; write one with model.export('1')")
    if _SAVED_MODEL in found:
        return {
            name if name.startswith(f"{CODE}/") else f"1/{name}": path  # a version that nothing else has
            for name, path in found.items()
        }
    for graph in graphs:
        if not graph.parent.name.isdecimal():
            raise PackageError(
                f"{graph} is not in a folder with a number, and TensorFlow Serving takes a version by its number; "
                f"rename {source / graph.parent} to {source / graph.parent.parent / '1'}"
            )
    return found


def _built_in(source: Path, found: Files, application: str | None) -> tuple[str, str]:
    """Application and model of weights without a program.

    Raises:
        PackageError: nothing says how they are read.
    """
    known = catalogue.load()
    described = [name for name in found if PurePosixPath(name).name == _DESCRIPTION]
    older = re.compile(r"(?P<prefix>[a-z]+_detector)_(?P<model>.+)-symbol\.json")
    try:
        models = [_model_of(found[name]) for name in described]
    except (ValueError, KeyError, TypeError, CatalogueError) as error:
        raise PackageError(f"{_DESCRIPTION} does not describe a model: {error}") from error
    for name in found:
        if (match := older.fullmatch(name)) and not models:
            served = [kind.name for kind in known.applications.values() if kind.older_prefix == match["prefix"]]
            if served:
                return served[0], match["model"]
    if not models:
        raise PackageError(
            f"nothing says how the weights in {source} are read; add {_PROGRAM_NAME} with --inference FILE, or a "
            f"{_DESCRIPTION} (docs/models.md) for a built-in application"
        )
    if len(models) == 2:
        models.sort(key=lambda model: "embedder" in model.role)
        return "face-comparison", "+".join(model.name for model in models)
    model = models[0]
    if application is not None and application not in model.applications:
        raise PackageError(
            f"{model.name} does not serve {application}{nearest(application, model.applications)}; it serves "
            f"{', '.join(model.applications)}"
        )
    served_by = [application] if application else [name for name in model.applications if name != "face-comparison"]
    if not served_by:
        raise PackageError(
            f"{model.name} is one half of a pair for face-comparison; package a folder that holds detector and "
            "embedder, each in a folder of its name"
        )
    if len(served_by) > 1:
        raise PackageError(f"{model.name} serves {' and '.join(served_by)}; say which with --application")
    return served_by[0], model.name


def _model_of(description: Path) -> catalogue.Model:
    document = json.loads(description.read_text(encoding="utf-8"))
    return catalogue.model_from_dict(document.pop("name"), document)


@dataclass(frozen=True)
class _Framework:
    """What gives a framework away, and what its layout needs.

    Attributes:
        weights: patterns of its files.
        modules: packages that a program for it imports.
        check: gives the files with their places in the archive, or raises a PackageError.
    """

    weights: tuple[str, ...]
    modules: frozenset[str]
    check: Callable[[Path, Files], Files]


FRAMEWORKS: Mapping[str, _Framework] = {
    "pytorch": _Framework(("*.pt", "*.pth"), frozenset({"torch"}), _check_weights("pytorch")),
    "tensorflow": _Framework((_SAVED_MODEL, "*.h5", "*.keras"), frozenset({"tensorflow", "keras"}), _check_saved_model),
    "sklearn": _Framework(("*.joblib", "*.pkl"), frozenset({"sklearn", "joblib"}), _check_weights("sklearn")),
    "mxnet": _Framework(("*-symbol.json", "*.params"), frozenset({"mxnet"}), _check_symbol),
    "onnx": _Framework(("*.onnx",), frozenset({"onnxruntime", "onnx"}), _check_onnx),
}
