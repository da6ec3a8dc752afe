from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stacks.assets import function_bundle
from stacks.assets.function_bundle import bundle
from stacks.errors import BundlingError


def _source(folder: Path, requirements: str = "# nothing\n") -> Path:
    (folder / "package" / "__pycache__").mkdir(parents=True)
    (folder / "package" / "module.py").write_text("VALUE = 1\n")
    (folder / "package" / "__pycache__" / "module.pyc").touch()
    (folder / "requirements.txt").write_text(requirements)
    return folder


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """pip succeeds and leaves one package; its calls are kept."""
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        (Path(command[command.index("--target") + 1]) / "dependency.py").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(function_bundle, "_CACHE", tmp_path / "cache")
    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_sources_and_dependencies_lie_side_by_side(tmp_path: Path, no_pip: list[list[str]]) -> None:
    made = bundle(_source(tmp_path / "function"))
    assert sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()) == [
        "dependency.py",
        "package/module.py",
        "requirements.txt",
    ]


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_lambda_can_read_it_whatever_the_umask(tmp_path: Path, no_pip: list[list[str]], umask: int) -> None:
    """Lambda runs as a user of its own; files of mode 600 fail there, when the function starts."""
    before = os.umask(umask)
    try:
        source = _source(tmp_path / "function")
        (source / "program.sh").touch(mode=0o700)
        made = bundle(source)
        modes = {path.relative_to(made).as_posix(): oct(path.stat().st_mode & 0o777) for path in made.rglob("*")}
        made.chmod(0o700)  # as an earlier version left it
        assert bundle(source) == made
    finally:
        os.umask(before)
    assert made.stat().st_mode & 0o777 == 0o755
    assert modes == {
        "dependency.py": "0o644",
        "package": "0o755",
        "package/module.py": "0o644",
        "program.sh": "0o755",
        "requirements.txt": "0o644",
    }


def test_the_registry_is_asked_once(tmp_path: Path, no_pip: list[list[str]]) -> None:
    source = _source(tmp_path / "function")
    first = bundle(source)
    assert bundle(source) == first
    (source / "package" / "module.py").write_text("VALUE = 2\n")
    assert bundle(source) != first
    assert len(no_pip) == 1
    (source / "requirements.txt").write_text("other==1\n")
    bundle(source)
    assert len(no_pip) == 2


def test_wheels_are_those_of_the_lambda_runtime(tmp_path: Path, no_pip: list[list[str]]) -> None:
    bundle(_source(tmp_path / "function"))
    (command,) = no_pip
    assert command[command.index("--python-version") + 1] == "3.14"
    assert "--only-binary" in command


@pytest.mark.processes
def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_bundle, "_CACHE", tmp_path / "cache")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(BundlingError, match="package registry is reachable"):
        bundle(_source(tmp_path / "function", "no-such-package-anywhere==1\n"))
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_real_bundle_holds_the_handler_and_powertools(template: dict[str, Any]) -> None:
    functions = [entry for entry in template["Resources"].values() if entry["Type"] == "AWS::Lambda::Function"]
    (code,) = {Path(function["Metadata"]["aws:asset:path"]) for function in functions}
    for function in functions:
        module = function["Properties"]["Handler"].rsplit(".", 1)[0].replace(".", "/")
        assert (code / f"{module}.py").is_file()
    assert (code / "aws_lambda_powertools" / "__init__.py").is_file()
    assert not list(code.rglob("*.pyc"))
