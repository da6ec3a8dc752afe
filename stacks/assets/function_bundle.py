"""A Lambda function's code with its dependencies, made by pip at synth: no Docker.

Dependencies are cached by the hash of their requirements: the first synth needs the package registry, later ones work
offline.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stacks.assets.file_modes import make_readable
from stacks.errors import BundlingError
from stacks.places import CACHE

_CACHE = CACHE / "functions"
_RUNTIME_VERSION = "3.14"
_RUNTIME_PLATFORM = "manylinux2014_x86_64"


def bundle(source_root: Path) -> Path:
    """A folder with the sources under ``source_root`` and the packages of its requirements.txt.

    Raises:
        BundlingError: pip failed; the message holds its output.
    """
    digest = hashlib.sha256(f"{_RUNTIME_VERSION} {_RUNTIME_PLATFORM}".encode())
    sources = sorted(path for path in source_root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for path in sources:
        digest.update(path.relative_to(source_root).as_posix().encode() + b"\0" + path.read_bytes())
    bundled = _CACHE / f"{source_root.name}-{digest.hexdigest()[:16]}"
    if not bundled.is_dir():
        dependencies = _dependencies(source_root / "requirements.txt")
        with _replacing(bundled) as building:
            shutil.copytree(dependencies, building, dirs_exist_ok=True)
            shutil.copytree(source_root, building, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    make_readable(bundled)  # an earlier version's, too
    return bundled


def bundle_named(name: str) -> Path:
    """The folder of that name that ``bundle`` made."""
    return _CACHE / name


def _dependencies(requirements: Path) -> Path:
    key = f"{_RUNTIME_VERSION} {_RUNTIME_PLATFORM} {requirements.read_text(encoding='utf-8')}"
    installed = _CACHE / f"dependencies-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if not installed.is_dir():
        with _replacing(installed) as building:
            _pip_install(requirements, building)
    return installed


def _pip_install(requirements: Path, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    # The requirements are a complete lock (`make lock`): nothing is resolved, and every file must have its hash.
    command += ["--require-hashes", "--no-deps"]
    command += ["--target", str(target), "--requirement", str(requirements)]
    # Wheels for the Lambda runtime, not for this machine.
    command += ["--only-binary", ":all:", "--implementation", "cp"]
    command += ["--python-version", _RUNTIME_VERSION, "--platform", _RUNTIME_PLATFORM]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise BundlingError(
            f"pip could not install {requirements} for the function; run it once where the package "
            f"registry is reachable:\n{finished.stderr.strip()}"
        )


@contextmanager
def _replacing(final: Path) -> Iterator[Path]:
    """A new folder that takes the name ``final`` on success, so that no half-made one is ever visible."""
    final.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
    try:
        yield building
        if not final.is_dir():
            building.rename(final)
    finally:
        shutil.rmtree(building, ignore_errors=True)
