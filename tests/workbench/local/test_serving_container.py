"""Errors of the serving program as its log has them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from workbench.local.child_process import ChildProcess
from workbench.local.serving_container import error_in_log

pytestmark = pytest.mark.processes


def _error(log: Path, message: str, traceback: str) -> str | None:
    entry = json.dumps({"level": "ERROR", "message": message, "traceback": traceback})
    log.write_text(f'{{"level": "INFO", "message": "started"}}\nno JSON\n{entry}\n')
    with ChildProcess([sys.executable, "-c", ""], environment={}, directory=log.parent, log=log) as program:
        return error_in_log(program)


@pytest.mark.parametrize(
    ("message", "traceback", "expected"),
    [
        # As ONNX Runtime raises it: with source lines of its own.
        (
            "model could not be loaded: Fail: [ONNXRuntimeError] : 1 : Load model failed:\n  /src/a.cc:7\nno op X\n",
            "Traceback (most recent call last):\n  File ...\nFail: [ONNXRuntimeError] : 1\n  /src/a.cc:7\nno op X\n",
            "model could not be loaded: Fail: [ONNXRuntimeError] : 1 : Load model failed: /src/a.cc:7 no op X",
        ),
        (
            "failed: ValueError: rows\nneed\t4 numbers",
            "ValueError: rows\nneed\t4 numbers",
            "failed: ValueError: rows need 4 numbers",
        ),
        ("failed", "Traceback:\nKeyError: 'rows'", "failed: KeyError: 'rows'"),
    ],
)
def test_an_error_is_one_line(tmp_path: Path, message: str, traceback: str, expected: str) -> None:
    assert _error(tmp_path / "log", message, traceback) == expected


def test_a_long_error_has_its_beginning_and_its_end(tmp_path: Path) -> None:
    said = _error(tmp_path / "log", "MXNetError: shape" + "\n  [bt] frame" * 100 + "\nincompatible", "x")
    assert said is not None
    assert said.startswith("MXNetError: shape [bt] frame")
    assert said.endswith("[bt] frame incompatible: x")
    assert (len(said), "\n" in said) == (608, False)
