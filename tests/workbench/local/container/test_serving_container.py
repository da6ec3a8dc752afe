"""Words of the serving program's log, of which a message takes one line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from workbench.local.child_process import ChildProcess
from workbench.local.container import serving_container

pytestmark = pytest.mark.processes

_ONNX = """Traceback (most recent call last):
  File "/opt/program/session.py", line 12, in load
    session = InferenceSession(path)
onnxruntime.capi.onnxruntime_pybind11_state.Fail: [ONNXRuntimeError] : 1 : FAIL : Load model failed:
graph.cc:1234 node (Conv_0) has input size 0
not in range [min=2, max=3]"""
_HOOK = """Traceback (most recent call last):
  File "inference.py", line 3, in model_fn
    raise ValueError("two\\nlines")
ValueError: two
lines"""


@pytest.mark.parametrize(
    ("traceback", "says"),
    [
        (
            _ONNX,
            "the model cannot be loaded: onnxruntime.capi.onnxruntime_pybind11_state.Fail: [ONNXRuntimeError] : 1 : "
            "FAIL : Load model failed: graph.cc:1234 node (Conv_0) has input size 0 not in range [min=2, max=3]",
        ),
        (_HOOK, "the model cannot be loaded: ValueError: two lines"),
        ("", "the model cannot be loaded: "),
    ],
)
def test_what_was_raised_is_one_line(tmp_path: Path, traceback: str, says: str) -> None:
    log = tmp_path / "serving.log"
    entry = {"level": "ERROR", "message": "the model cannot be loaded", "traceback": traceback}
    log.write_text(json.dumps(entry) + "\n" + json.dumps({"level": "INFO", "message": "ended"}) + "\n")
    with _nothing(tmp_path, log) as program:
        assert serving_container.error_in_log(program) == says.removesuffix(": ")


def test_a_message_that_has_what_was_raised_does_not_have_it_twice(tmp_path: Path) -> None:
    log = tmp_path / "serving.log"
    log.write_text(json.dumps({"level": "ERROR", "message": "it fails: ValueError: two\nlines", "traceback": _HOOK}))
    with _nothing(tmp_path, log) as program:
        assert serving_container.error_in_log(program) == "it fails: ValueError: two lines"


def test_a_program_that_says_nothing_of_an_error_has_its_last_line(tmp_path: Path) -> None:
    log = tmp_path / "serving.log"
    log.write_text("one\ntwo\n\n")
    with _nothing(tmp_path, log) as program:
        assert serving_container.error_in_log(program) is None
        assert serving_container.reason_in_log(program).endswith("; its log ends with: two")
        assert "\n" not in serving_container.reason_in_log(program)


def test_a_long_error_has_its_beginning_and_its_end(tmp_path: Path) -> None:
    log = tmp_path / "serving.log"
    message = "MXNetError: shape" + "\n  [bt] frame" * 100 + "\nincompatible"
    log.write_text(json.dumps({"level": "ERROR", "message": message, "traceback": "x"}))
    with _nothing(tmp_path, log) as program:
        said = serving_container.error_in_log(program)
    assert said is not None
    assert said.startswith("MXNetError: shape [bt] frame")
    assert said.endswith("[bt] frame incompatible: x")
    assert (len(said), "\n" in said) == (605, False)


def _nothing(folder: Path, log: Path) -> ChildProcess:
    return ChildProcess([sys.executable, "-c", "pass"], environment=os.environ, directory=folder, log=log)
