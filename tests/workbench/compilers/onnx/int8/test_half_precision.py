from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from workbench.compilers.onnx import own_graph


def test_half_precision_becomes_single_with_the_same_answers(tmp_path: Path) -> None:
    half, single = TensorProto.FLOAT16, TensorProto.FLOAT
    weights = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float16)
    nodes = [
        helper.make_node("Cast", ["x"], ["halves"], to=half),
        helper.make_node("Conv", ["halves", "w"], ["c"]),
        helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.float16(2), "v")),
        helper.make_node("Mul", ["c", "two"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(*each) for each in (("x", single, [1, 3, 8, 8]), ("y", half, [1, 4, 6, 6]))]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "half.onnx"))
    assert own_graph.prepare(tmp_path / "half.onnx", tmp_path / "single.onnx") is True
    assert own_graph.prepare(tmp_path / "single.onnx", tmp_path / "again.onnx") is False
    frame = np.random.default_rng(2).uniform(size=(1, 3, 8, 8)).astype(np.float32)
    answers = [
        onnxruntime.InferenceSession(str(tmp_path / name), providers=["CPUExecutionProvider"]).run(None, {"x": frame})[
            0
        ]
        for name in ("half.onnx", "single.onnx")
    ]
    assert [answer.dtype for answer in answers] == [np.float16, np.float32]
    assert np.abs(answers[0] - answers[1]).max() < 0.05
