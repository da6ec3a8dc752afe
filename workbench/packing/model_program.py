"""Program in ``code`` of a model.tar.gz: its file, its definitions and its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import PackageError
from workbench.packing.model_archive import Files

CODE = "code"
PROGRAM = "inference.py"
REQUIREMENTS = "requirements.txt"
PROGRAM_NAME, REQUIREMENTS_NAME = f"{CODE}/{PROGRAM}", f"{CODE}/{REQUIREMENTS}"
_HOOKS = ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn")
_TENSORFLOW_HOOKS = ("handler", "input_handler", "output_handler")


def program_of_another_name(found: Files, *, hooks_needed: bool) -> str | None:
    """Find the one program in code/ with hooks and another file name; None where code/inference.py exists.

    Args:
        found: the archive's files.
        hooks_needed: true where a program without hooks would load nothing; else the only file may be empty.

    Raises:
        PackageError: there are several, or none.
    """
    programs = [name for name in found if name.startswith(f"{CODE}/") and name.count("/") == 1 and name.endswith(".py")]
    if PROGRAM_NAME in found or not programs:
        return None
    hooked = [name for name in programs if defines_hooks(name, found[name])]
    if len(hooked) == 1:
        return hooked[0]
    if len(programs) == 1 and not hooks_needed:
        return programs[0]
    said = f"{', '.join(hooked)} all define hooks" if hooked else f"no file in {CODE}/ defines {_a_hook()}"
    raise PackageError(f"{PROGRAM_NAME} is missing, and {said}; name the program with --inference FILE")


def defines_hooks(name: str, path: Path) -> bool:
    """Return whether a program defines a hook of SageMaker or of its TensorFlow container."""
    return not defined(name, path).isdisjoint(_HOOKS + _TENSORFLOW_HOOKS)


def lacking_handlers(name: str, path: Path) -> str | None:
    """Sentence about a program that TensorFlow Serving's container cannot call, which ends it; None for a right one.

    Source: ``_import_handlers`` in ``python_service.py`` of sagemaker-tensorflow-serving-container.
    """
    there = {bound for node in ast.walk(_tree(name, path)) if isinstance(node, ast.stmt) for bound in _bound(node)}
    if "handler" in there or {"input_handler", "output_handler"} <= there or "*" in there:
        return None
    lacks = " and ".join(sorted({"input_handler", "output_handler"} - there))
    return (
        f"{name} does not define {lacks}; TensorFlow Serving's container calls input_handler(data, context) and "
        "output_handler(response, context), or handler(data, context) alone, and does not start without"
    )


def defined(name: str, path: Path) -> set[str]:
    """Names that a program defines or imports at its top level."""
    return {bound for node in _tree(name, path).body for bound in _bound(node)}


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            # A star import may bring every hook; this file does not show its names.
            yield from (alias.name, *_HOOKS) if alias.name == "*" else (alias.asname or alias.name,)
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def imported(name: str, path: Path) -> set[str]:
    """Top-level packages that a program imports."""
    packages: set[str] = set()
    for node in ast.walk(_tree(name, path)):
        if isinstance(node, ast.Import):
            packages |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            packages.add(node.module.split(".")[0])
    return packages


def _a_hook() -> str:
    return f"{', '.join(_HOOKS[:-1])} or {_HOOKS[-1]}"


def _tree(name: str, path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise PackageError(f"{name} is not Python{f', see its line {line}' if line else ''}: {error}") from error
