"""Right places in the archive for files that toolkits and guides ship elsewhere."""

from __future__ import annotations

from pathlib import PurePosixPath

from workbench.errors import PackageError
from workbench.packing.model_archive import Files
from workbench.packing.model_program import CODE, PROGRAM, PROGRAM_NAME, REQUIREMENTS, REQUIREMENTS_NAME

_WEIGHTS = (
    ".pt",
    ".pth",
    ".onnx",
    ".params",
    ".pkl",
    ".joblib",
    ".h5",
    ".keras",
    ".pb",
    ".bin",
    ".safetensors",
    ".npz",
)

Moved = list[tuple[str, str]]
"""Places in the source and in the archive."""


def unwrapped(found: Files) -> tuple[Files, Moved]:
    """Take the folders away that everything lies in, where the last has a program: ``tar -czf net.tar.gz net``.

    Raises:
        PackageError: a program lies in a folder beside other files.
    """
    if PROGRAM in found or PROGRAM_NAME in found:
        return found, []
    nested = [name for name in found if PurePosixPath(name).match(f"*/{PROGRAM_NAME}")]
    around = _folders_around_everything(found)
    top = next((each for each in around if f"{each}/{PROGRAM}" in found or f"{each}/{PROGRAM_NAME}" in found), None)
    if top is not None:
        return {name.removeprefix(f"{top}/"): path for name, path in found.items()}, [(f"{top}/", "the top")]
    if nested:
        there = nested[0].removesuffix(f"/{PROGRAM_NAME}")
        raise PackageError(
            f"{PROGRAM_NAME} lies in {there}/, and {CODE}/ belongs to the top of the archive; package {there} alone, "
            "with the other files in it"
        )
    return found, []


def _folders_around_everything(found: Files) -> list[str]:
    """Folders that hold all files, one within the other; ``code`` belongs to the top."""
    folders = [PurePosixPath(name).parent for name in found]
    common = [each.as_posix() for each in (folders[0], *folders[0].parents) if each.name not in ("", CODE)]
    return [each for each in reversed(common) if all(name.startswith(f"{each}/") for name in found)]


def with_program_in_code(found: Files, *, was_at_top: bool) -> tuple[Files, Moved]:
    """Move a program at the top into ``code``, with its packages and the modules that it may import.

    Args:
        found: the files.
        was_at_top: whether a program of another name lay at the top, and is in ``code`` already.

    Raises:
        PackageError: the same file lies at the top and in ``code``.
    """
    for name, target in ((PROGRAM, PROGRAM_NAME), (REQUIREMENTS, REQUIREMENTS_NAME)):
        if name in found and target in found:
            raise PackageError(
                f"there is {name} at the top, and {target}; leave one of them out: the container takes {target}"
            )
    if PROGRAM in found or was_at_top:
        moving = {name for name in found if _is_of_program(name, found)}
    else:
        moving = {REQUIREMENTS} & found.keys()
    placed = {f"{CODE}/{name}" if name in moving else name: path for name, path in found.items()}
    return placed, [(name, f"{CODE}/{name}") for name in sorted(moving)]


def _is_of_program(name: str, found: Files) -> bool:
    """Return whether a file is a module, a package, a list of packages or a wheel, and no weights."""
    path = PurePosixPath(name)
    if path.parts[0] == CODE:
        return False
    if path.suffix in (".py", ".whl") or name == REQUIREMENTS:
        return True
    package = path.parts[0]
    is_in_package = len(path.parts) > 1 and f"{package}/__init__.py" in found
    return is_in_package and path.suffix not in _WEIGHTS
