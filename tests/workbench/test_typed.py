from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench import places, typed


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with the installed command, which is not on the path."""
    bin_folder = tmp_path / "my cameras" / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    command = bin_folder / "ipc-ai"
    command.write_text('#!/bin/sh\nprintf "%s|" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bin_folder / "python"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return command


@pytest.mark.processes
@pytest.mark.parametrize("folder", [".", "..", "../.."])
def test_a_command_works_when_pasted(installed: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.chdir(installed.parent / folder)
    call = typed.command("fetch", "a b")
    finished = subprocess.run(["/bin/sh", "-c", call], capture_output=True, text=True, check=True)
    assert finished.stdout == "fetch|a b|"


def test_the_command_is_as_short_as_can_be(installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(installed.parents[2])
    assert typed.command("up") == ".venv/bin/ipc-ai up"
    monkeypatch.setenv("PATH", f"{installed.parent}:/bin")
    assert typed.command("up") == "ipc-ai up"


def test_another_command_of_that_name_is_not_meant(
    installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ipc-ai").symlink_to(installed)
    other = tmp_path / "other"
    other.mkdir()
    (other / "ipc-ai").write_text("#!/bin/sh\n", encoding="utf-8")
    (other / "ipc-ai").chmod(0o755)
    monkeypatch.setenv("PATH", f"{other}:/bin")
    monkeypatch.chdir(installed.parents[2])
    assert typed.command("up") == ".venv/bin/ipc-ai up"


def test_without_an_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert typed.command("up") == f"{tmp_path}/python -m workbench up"


def test_a_model_is_fetched_into_the_store_that_lacks_it(tmp_path: Path) -> None:
    assert typed.fetch("yunet_n", places.MODEL_STORE) == typed.command("fetch", "yunet_n")
    assert typed.fetch("yunet_n", tmp_path) == typed.command("fetch", "yunet_n", "--store", str(tmp_path))


def test_a_command_of_the_repository_works_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(places.REPOSITORY)
    assert typed.in_repository("npx", "cdk", "a b") == "npx cdk 'a b'"
    monkeypatch.chdir(tmp_path)
    assert typed.in_repository("make", "install") == f"cd {places.REPOSITORY} && make install"
