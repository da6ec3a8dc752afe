"""Locks: every requirements*.in has a complete one with hashes, made after its last change (`make lock`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDERS = (".", "containers/inference", "lambda/inference")
# These have environments and versions of their own.
APART = ("requirements-checkov.in", "requirements-parity.in")
SOURCES = sorted(path for folder in FOLDERS for path in (REPOSITORY / folder).glob("requirements*.in"))
# `name==version`; in a lock its hashes and a comment about its dependents follow.
_LOCKED = re.compile(r"^(\S.*?==\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n    # via (.+)$", re.MULTILINE)


def _pins(source: Path) -> set[str]:
    """Direct requirements in a lock's spelling, including those of included files."""
    found: set[str] = set()
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= _pins(source.parent / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            found.add(_spelled(line))
    return found


def _spelled(pin: str) -> str:
    name, version = pin.replace(" ", "").split("==")
    return f"{name.lower().replace('_', '-')}=={version}"


def _lock(source: Path) -> dict[str, str]:
    """Locked requirements, and their dependents."""
    text = source.with_suffix(".txt").read_text(encoding="utf-8")
    return {_spelled(pin): wanted for pin, _, wanted in _LOCKED.findall(text)}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_the_lock_is_that_of_its_source(source: Path) -> None:
    assert {pin for pin, wanted in _lock(source).items() if "-r " in wanted} == _pins(source), "run 'make lock'"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_line_of_a_lock_is_a_version_with_hashes(source: Path) -> None:
    text = source.with_suffix(".txt").read_text(encoding="utf-8")
    rest = _LOCKED.sub("", text)
    assert [line for line in rest.splitlines() if line and not line.startswith("#")] == []
    assert "://" not in rest


def test_a_package_has_one_version_everywhere() -> None:
    versions: dict[str, set[str]] = {}
    for source in SOURCES:
        for pin in {} if source.name in APART else _lock(source):
            name, version = pin.split("==")
            versions.setdefault(name.split("[")[0], set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_every_lock_is_made_by_one_command() -> None:
    program = (REPOSITORY / "scripts/lock").read_text(encoding="utf-8")
    for source in SOURCES:
        assert source.relative_to(REPOSITORY).with_suffix("").as_posix() in program
