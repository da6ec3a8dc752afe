"""Graphs of operators' own exporters: their operator sets and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from workbench.compilers.onnx import own_graph
from workbench.errors import CompileError


def _write(path: Path, opset: int, *, is_external: bool = False) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("ReduceSum", ["c"], ["s"], axes=[2, 3])
        if opset < 13
        else helper.make_node("Relu", ["c"], ["s"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("s", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones((4, 3, 3, 3), np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(model, str(path), save_as_external_data=is_external, location=f"{path.name}.data", size_threshold=0)


def _run(path: Path) -> npt.NDArray[np.float32]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    result: npt.NDArray[np.float32] = session.run(None, {"x": np.ones((1, 3, 8, 8), np.float32)})[0]
    return result


@pytest.mark.parametrize(("opset", "expected"), [(9, 13), (11, 13), (13, 13), (17, 17)])
def test_older_operator_sets_become_one_with_scales_for_channels(tmp_path: Path, opset: int, expected: int) -> None:
    _write(tmp_path / "net.onnx", opset)
    own_graph.prepare(tmp_path / "net.onnx", tmp_path / "new.onnx")
    assert onnx.load(str(tmp_path / "new.onnx")).opset_import[0].version == expected
    assert np.array_equal(_run(tmp_path / "net.onnx"), _run(tmp_path / "new.onnx"))


def test_external_data_is_read(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    _write(tmp_path / "far/net.onnx", 17, is_external=True)
    own_graph.prepare(tmp_path / "far/net.onnx", tmp_path / "new.onnx")
    assert _run(tmp_path / "new.onnx").max() == 27


def test_what_is_no_graph_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no graph")
    with pytest.raises(CompileError, match=r"net\.onnx is no ONNX graph that can be read: [^\n]+$"):
        own_graph.prepare(tmp_path / "net.onnx", tmp_path / "new.onnx")
