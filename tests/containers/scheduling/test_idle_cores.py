"""Cores that other processes leave free, by the system's count of running threads."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipc_ai_serving.scheduling import idle_cores


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    idle_cores._load_averages.cache_clear()
    idle_cores._cores.cache_clear()
    yield
    idle_cores._load_averages.cache_clear()
    idle_cores._cores.cache_clear()


@pytest.fixture
def load_averages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's answer, for a machine with four cores."""
    monkeypatch.setattr(idle_cores, "_LOAD_AVERAGES", str(tmp_path / "loadavg"))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    return tmp_path / "loadavg"


@pytest.mark.parametrize(("running", "free"), [(1, True), (3, True), (4, False), (20, False)])
def test_cores_are_free_that_no_other_thread_runs_on(load_averages: Path, running: int, free: bool) -> None:
    load_averages.write_text(f"0.50 0.40 0.30 {running}/321 4711\n")
    assert idle_cores.there_are(2) is free


def test_a_thread_that_runs_for_a_moment_does_not_count(load_averages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_averages.write_text("0.50 0.40 0.30 9/321 4711\n")
    monkeypatch.setattr(time, "sleep", lambda _: load_averages.write_text("0.50 0.40 0.30 1/321 4711\n"))
    assert idle_cores.there_are(4)


@pytest.mark.parametrize("text", [None, "", "0.5 0.4 0.3 many/321 1"])
def test_cores_count_as_free_where_the_system_does_not_tell(load_averages: Path, text: str | None) -> None:
    if text is not None:
        load_averages.write_text(text)
    assert idle_cores.there_are(4)
