"""Advice for a user's program that imports, or whose weights name, a module that the image lacks."""

from __future__ import annotations

import functools
import importlib.metadata
import re
import sys
from pathlib import Path

from workbench import places

_MISSING = re.compile(r"No module named '?([A-Za-z_][\w.]*)")
# NAME, or a folder or a wheel of its name: ./NAME, -e ./NAME, wheels/NAME-1.0-py3-none-any.whl.
_REQUIRED = re.compile(
    r"^\s*(?:(?:-e|--editable)[\s=]+)?(?:[^\s#;=<>~!@]*/)?([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE
)
_CODE = "code/requirements.txt"
# joblib comes with scikit-learn, and its files hold models of it.
_BROUGHT_BY = {"joblib": "scikit-learn"}
# Packages of other names than their modules, which the environment of the tools does not have.
_OTHER_NAMES = {
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "jwt": "PyJWT",
    "Levenshtein": "python-Levenshtein",
    "serial": "pyserial",
    **{
        name: name for name in ("lightgbm", "tensorflow", "timm", "torch", "torchvision", "transformers", "ultralytics")
    },
}


def with_advice(said: str, code: Path, *, log: str = "") -> str:
    """Add to an error of the serving program the line for requirements.txt, where it names a missing module.

    Args:
        said: the error.
        code: folder of the user's program, with its requirements.txt, if any.
        log: end of the program's log, which may name the module where the error does not.
    """
    found = _MISSING.search(said) or _MISSING.search(log)
    if found is None:
        return said
    name = found[1].rstrip(".")
    module = name.partition(".")[0]
    if module in sys.stdlib_module_names:
        return said
    return f"{said}; {_advice(name, module, _required(code / 'requirements.txt'))}"


def _advice(name: str, module: str, required: frozenset[str]) -> str:
    package = _package(module)
    if name != module and (_normal(package or module) in required or _in_the_image(module)):
        there = package or module
        return (
            f"the {there} that is there has no '{name}', so the model, or a package of it, needs another release: let "
            f"{_CODE} name that one ({there}==RELEASE)"
        )
    if _normal(package or module) in required:
        return (
            f"{_CODE} names {package or module}, and what pip installed has no module '{module}': name the release, or "
            "the package, that has it"
        )
    if package is None:
        return (
            f"the image has no module '{module}': name the package that has it in {_CODE} ({module}, if it is called "
            "the same), or put the file into code/ if it is yours"
        )
    return f"the image has no module '{module}': add {_line(package)} to {_CODE}"


def _line(package: str) -> str:
    """Requirement with the release of the tools' environment, if that has the package."""
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return f"'{package}'"
    return f"'{package}=={version}' (or the release that the model was made with)"


def _package(module: str) -> str | None:
    """Distribution that has a module: as in the tools' environment, else by the tables; None if unknown or several."""
    if module in _BROUGHT_BY:
        return _BROUGHT_BY[module]
    found = set(_distributions().get(module, []))
    return found.pop() if len(found) == 1 else _OTHER_NAMES.get(module)


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return {module: list(names) for module, names in importlib.metadata.packages_distributions().items()}


def _in_the_image(module: str) -> bool:
    return any(places.SERVING_ENVIRONMENT.glob(f"lib/python*/site-packages/{module}/__init__.py"))


def _required(requirements: Path) -> frozenset[str]:
    """Names of the packages that a requirements.txt lists."""
    if not requirements.is_file():
        return frozenset()
    names = _REQUIRED.findall(requirements.read_text(encoding="utf-8", errors="replace"))
    return frozenset(_normal(name.partition("-")[0] if name.endswith(".whl") else name) for name in names)


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()
