from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import SynthesisError
from workbench.speed.synth import time_synth


def _npx(folder: Path, script: str) -> None:
    program = folder / "npx"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_the_first_run_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _npx(tmp_path, f'echo "$@" >> {tmp_path}/ran; [ -e {tmp_path}/warm ] || {{ touch {tmp_path}/warm; sleep 2; }}')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    times = time_synth(runs=1)
    assert times.runs == 1
    assert 0 < times.wall_seconds < 2
    ran = (tmp_path / "ran").read_text().splitlines()
    assert len(ran) == 2
    assert all("cdk synth" in words for words in ran)


def test_a_failure_says_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _npx(tmp_path, "echo no such stack >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SynthesisError, match="no such stack"):
        time_synth(runs=1)
