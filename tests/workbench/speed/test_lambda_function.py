from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.speed import lambda_function
from workbench.speed.lambda_function import ImportTimes, time_imports, time_requests

pytestmark = pytest.mark.processes


def test_both_forms_of_a_request_are_timed(photograph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_NAME", "another")
    monkeypatch.delenv("ENDPOINT_NAME", raising=False)
    before = dict(os.environ)
    frame = photograph.read_bytes()
    times = time_requests(frame, requests=2)
    assert (times.frame_bytes, times.requests) == (len(frame), 2)
    assert 0 < times.image_ms < 1000
    assert 0 < times.json_ms < 1000
    assert dict(os.environ) == before


def test_an_error_of_the_function_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="the function answered 400"):
        time_requests(b"", requests=1)


def test_starts_are_timed_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_function, "_NAIVE", "pass")
    times = time_imports(starts=1)
    assert times.starts == 1
    assert 0 < times.naive_ms < times.ours_ms
    assert ImportTimes(starts=1, naive_ms=10, ours_ms=4).ratio == 0.4


def test_a_function_that_cannot_be_loaded_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_function, "_OURS", "raise SystemExit(3)")
    monkeypatch.setattr(lambda_function, "_NAIVE", "pass")
    with pytest.raises(RuntimeError, match="exit code 3"):
        time_imports(starts=1)
