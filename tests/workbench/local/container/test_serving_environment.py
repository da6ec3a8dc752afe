from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from workbench import places
from workbench.errors import StartError
from workbench.local.container import serving_environment

_LISTS = "import importlib.metadata as m; print(*(f'{d.name}=={d.version}' for d in m.distributions()))"


def _made(folder: Path, locks: tuple[str, str]) -> tuple[Path, Path]:
    """Environment, and locks with the given texts; its stamp is a copy of ``one`` and ``two``."""
    for name, text in zip(("requirements-build.txt", "requirements-cpu.txt"), locks, strict=True):
        (folder / name).write_text(text)
    (folder / "serving").mkdir()
    (folder / "serving/installed").write_text("one\ntwo\n")
    return folder / "serving", folder


def test_programs_of_the_environment_come_first(tmp_path: Path) -> None:
    environment, locks = _made(tmp_path, ("one\n", "two\n"))
    assert serving_environment.path(environment, locks=locks).startswith(f"{environment}/bin:")


def test_other_locks_and_no_environment_are_told_in_one_line(tmp_path: Path) -> None:
    environment, locks = _made(tmp_path, ("one\n", "three\n"))
    with pytest.raises(StartError, match=r"is of other locks than containers/inference has now; run 'make install' in"):
        serving_environment.path(environment, locks=locks)
    with pytest.raises(StartError, match=r"nothing, is missing; run 'make install' in"):
        serving_environment.path(tmp_path / "nothing", locks=locks)


@pytest.mark.processes
def test_it_has_the_packages_of_the_images_lock_and_pip() -> None:
    """The image's Dockerfile installs the same, and removes setuptools in the end."""
    command = ["python3", "-c", _LISTS]
    printed = subprocess.run(
        command, env={"PATH": serving_environment.path()}, capture_output=True, text=True, check=True
    ).stdout
    locked = re.findall(r"^(\S+==\S+)", (places.SERVING_PROGRAM / "requirements-cpu.txt").read_text(), re.MULTILINE)
    there = {_normal(line) for line in printed.split() if not line.startswith("pip==")}
    assert there == set(map(_normal, locked))


def _normal(requirement: str) -> str:
    return requirement.lower().replace("_", "-")
