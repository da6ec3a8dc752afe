"""Commands of CodeBuild exist in the repository."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
SPECIFICATION: dict[str, Any] = yaml.safe_load((REPOSITORY / "buildspec.yml").read_text(encoding="utf-8"))
COMMANDS = [command for phase in SPECIFICATION["phases"].values() for command in phase["commands"]]


def _is_target(words: list[str]) -> bool:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    return bool(words) and all(re.search(rf"^{re.escape(word)}:", makefile, re.MULTILINE) for word in words)


def _is_cdk(words: list[str]) -> bool:
    package = json.loads((REPOSITORY / "package.json").read_text(encoding="utf-8"))
    return words[:3] == ["--no-install", "cdk", "synth"] and "aws-cdk" in package["devDependencies"]


_KNOWN = {"make": _is_target, "npx": _is_cdk}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there(command: str) -> None:
    program, *words = shlex.split(command)
    if program.startswith("scripts/"):
        assert (REPOSITORY / program).is_file()
    else:
        assert _KNOWN[program](words)


def test_a_command_that_is_not_there_is_found() -> None:
    assert not _is_target(["no-such-target"])
    assert not _is_cdk(["cdk", "synth"])


def test_it_installs_then_checks_then_synthesizes() -> None:
    assert [command.split(" --quiet")[0] for command in COMMANDS] == [
        "make install",
        "make check",
        "npx --no-install cdk synth",
    ]
    assert SPECIFICATION["artifacts"]["base-directory"] == "cdk.out"


def test_its_python_is_the_projects() -> None:
    wanted = str(SPECIFICATION["phases"]["install"]["runtime-versions"]["python"])
    assert f"python{wanted}" in (REPOSITORY / "Makefile").read_text(encoding="utf-8")
