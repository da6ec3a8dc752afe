"""Sessions with bound inputs: the same code as on a GPU, with memory of the CPU in place of the GPU's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from ipc_ai_serving.engines.onnxruntime import bound_session
from ipc_ai_serving.engines.onnxruntime.bound_session import BoundSession


@pytest.fixture
def session(tmp_path: Path) -> Any:
    """Two inputs of any shape; their sum, and how many of the frames' numbers are above zero, with their places."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["sizes"], ["added"], to=TensorProto.FLOAT),
            helper.make_node("Add", ["data", "added"], ["sum"]),
            helper.make_node("NonZero", ["data"], ["places"]),
        ],
        "bound",
        [
            helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", "W"]),
            helper.make_tensor_value_info("sizes", TensorProto.INT64, ["N", 1]),
        ],
        [
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["N", "W"]),
            helper.make_tensor_value_info("places", TensorProto.INT64, [2, "found"]),
        ],
    )
    path = tmp_path / "bound.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _inputs(rows: int, columns: int, seed: int) -> dict[str, Any]:
    numbers = np.random.default_rng(seed)
    data = numbers.standard_normal((rows, columns)).astype(np.float32) * (numbers.random((rows, columns)) > 0.5)
    return {"data": data.astype(np.float32), "sizes": numbers.integers(0, 9, (rows, 1))}


def test_answers_are_those_of_the_session_whatever_comes_before(session: Any) -> None:
    bound = BoundSession(session, device="cpu")
    kept = []
    for seed, (rows, columns) in enumerate([(1, 4), (3, 4), (1, 4), (2, 7), (1, 4), (3, 4)]):
        inputs = _inputs(rows, columns, seed)
        kept.append((bound.run(["places", "sum"], inputs), session.run(["places", "sum"], inputs)))
    for ours, expected in kept:  # also those of earlier runs, which later ones must not write over
        assert [each.dtype for each in ours] == [each.dtype for each in expected]
        assert all(map(np.array_equal, ours, expected))


def test_a_shape_is_bound_once_and_a_turned_frame_is_copied_whole(session: Any) -> None:
    bound = BoundSession(session, device="cpu")
    for seed in range(4):
        inputs = _inputs(2, 3, seed)
        turned = {**inputs, "data": np.ascontiguousarray(inputs["data"].T).T}
        assert not turned["data"].flags["C_CONTIGUOUS"]
        assert np.array_equal(bound.run(["sum"], turned)[0], inputs["data"] + inputs["sizes"].astype(np.float32))
    assert len(bound._bound) == 1


def test_memory_of_the_oldest_shape_is_given_back(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound_session, "_MOST_SHAPES", 2)
    bound = BoundSession(session, device="cpu")
    for columns in (1, 2, 3, 1):
        inputs = _inputs(1, columns, columns)
        assert np.array_equal(bound.run(["sum"], inputs)[0], inputs["data"] + inputs["sizes"].astype(np.float32))
        assert len(bound._bound) <= 2
