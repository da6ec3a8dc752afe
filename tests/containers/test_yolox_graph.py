from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from serving import yolox_graph

_CLASSES, _SIDE, _TO_THE_END = 3, 16, np.iinfo(np.int64).max


class _Net:
    """A graph as Megvii's exporter writes it: Focus, a convolution, three pools, two levels of rows."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)
        self.nodes: list[Any] = []
        self._constants: list[Any] = []

    def build(self) -> Any:
        corners = [(0, 0), (1, 0), (0, 1), (1, 1)]
        self.nodes.append(helper.make_node("Concat", [self._pixels(*at) for at in corners], ["pixels"], axis=1))
        maps = self.convolution("pixels", "stem", (8, 12, 3, 3), pads=[1] * 4, strides=[1, 1])
        pools = [self._pool(maps, side) for side in (5, 9, 13)]
        self.nodes.append(helper.make_node("Concat", [maps, *pools], ["pooled"], axis=1))
        levels = [self._level("pooled", "fine", 1), self._level("pooled", "coarse", 2)]
        self.nodes.append(helper.make_node("Concat", levels, ["levels"], axis=2))
        self.nodes.append(helper.make_node("Transpose", ["levels"], ["output"], perm=[0, 2, 1]))
        cells = (_SIDE // 2) ** 2 + (_SIDE // 4) ** 2
        ends = [
            helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, _SIDE, _SIDE]),
            helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, cells, 5 + _CLASSES]),
        ]
        graph = helper.make_graph(self.nodes, "net", ends[:1], ends[1:], self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        self._constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def convolution(self, source: str, name: str, shape: tuple[int, ...], **attributes: Any) -> str:
        weights = self.constant(f"{name}_weights", self._random.normal(size=shape, scale=0.1).astype(np.float32))
        bias = self.constant(f"{name}_bias", self._random.normal(size=shape[0], scale=0.1).astype(np.float32))
        self.nodes.append(helper.make_node("Conv", [source, weights, bias], [name], **attributes))
        return name

    def _pixels(self, row: int, column: int) -> str:
        source = "images"
        for axis, start in ((2, row), (3, column)):
            name = f"from_{row}_{column}_{axis}"
            values = {"start": start, "end": _TO_THE_END, "axis": axis, "step": 2}
            given = [self.constant(f"{name}_{each}", np.array([value], np.int64)) for each, value in values.items()]
            self.nodes.append(helper.make_node("Slice", [source, *given], [name]))
            source = name
        return source

    def _pool(self, source: str, side: int) -> str:
        name = f"pool_{side}"
        attributes = {"kernel_shape": [side] * 2, "pads": [side // 2] * 4, "strides": [1, 1]}
        self.nodes.append(helper.make_node("MaxPool", [source], [name], **attributes))
        return name

    def _level(self, source: str, name: str, stride: int) -> str:
        kinds = {"box": 4, "objectness": 1, "classes": _CLASSES}
        parts = []
        for kind, filters in kinds.items():
            part = self.convolution(source, f"{name}_{kind}", (filters, 32, 1, 1), strides=[stride, stride])
            if kind != "box":
                self.nodes.append(helper.make_node("Sigmoid", [part], [f"{part}_sigmoid"]))
                part = f"{part}_sigmoid"
            parts.append(part)
        shape = self.constant(f"{name}_shape", np.array([1, 5 + _CLASSES, -1], np.int64))
        self.nodes.append(helper.make_node("Concat", parts, [f"{name}_joined"], axis=1))
        self.nodes.append(helper.make_node("Reshape", [f"{name}_joined", shape], [f"{name}_rows"]))
        return f"{name}_rows"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    onnx.save(_Net().build(), str(tmp_path / "net.onnx"))
    return tmp_path / "net.onnx"


def _changed(path: Path, change: Any) -> None:
    model = onnx.load(str(path))
    change(model.graph)
    onnx.save(model, str(path))


def _set(node: Any, name: str, value: Any) -> None:
    (attribute,) = (each for each in node.attribute if each.name == name)
    attribute.CopyFrom(helper.make_attribute(name, value))


def _made(graph: Any, name: str) -> Any:
    (node,) = (node for node in graph.node if name in node.output)
    return node


def _sides_of_pools(graph: Any) -> list[list[int]]:
    return [
        helper.get_attribute_value(attribute)
        for node in graph.node
        if node.op_type == "MaxPool"
        for attribute in node.attribute
        if attribute.name == "kernel_shape"
    ]


def _run(graph: Path | bytes) -> npt.NDArray[np.float32]:
    import onnxruntime

    frame = np.random.default_rng(1).uniform(-1, 1, (1, 3, _SIDE, _SIDE)).astype(np.float32)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (rows,) = session.run(None, {"images": frame})
    result: npt.NDArray[np.float32] = rows
    return result


def _kinds(graph: Path | bytes) -> Counter[str]:
    model = onnx.load(str(graph)) if isinstance(graph, Path) else onnx.load_from_string(graph)
    onnx.checker.check_model(model)
    return Counter(node.op_type for node in model.graph.node)


@pytest.mark.parametrize("target", range(_CLASSES))
def test_the_target_s_numbers_are_the_same_with_less_to_compute(path: Path, target: int) -> None:
    made = yolox_graph.shortened(path, target)
    assert isinstance(made, bytes)
    np.testing.assert_allclose(_run(made), _run(path)[:, :, [0, 1, 2, 3, 4, 5 + target]], atol=1e-5)
    assert "Slice" not in _kinds(made)
    graph = onnx.load_from_string(made).graph
    assert _sides_of_pools(graph) == [[5, 5]] * 3
    weights = {each.name: list(each.dims) for each in graph.initializer}
    assert weights[_made(graph, "coarse_classes").input[1]] == [1, 32, 1, 1]
    assert not set(weights) & {"stem_weights", "fine_classes_weights", "fine_shape"}  # nor kept in memory


def _pads_of_the_first(graph: Any) -> None:
    _set(_made(graph, "stem"), "pads", [0, 0, 2, 2])


def _another_step(graph: Any) -> None:
    (start,) = (each for each in graph.initializer if each.name == "from_1_0_2_start")
    start.CopyFrom(numpy_helper.from_array(np.array([0], np.int64), start.name))


@pytest.mark.parametrize("change", [_pads_of_the_first, _another_step])
def test_a_first_convolution_that_is_another_stays(path: Path, change: Any) -> None:
    _changed(path, change)
    made = yolox_graph.shortened(path, 0)
    assert _kinds(made)["Slice"] == _kinds(path)["Slice"] == 8
    np.testing.assert_allclose(_run(made), _run(path)[:, :, :6], atol=1e-5)


def _wider_steps(graph: Any) -> None:
    node = _made(graph, "pool_9")
    _set(node, "kernel_shape", [9, 7])
    _set(node, "pads", [4, 3, 4, 3])


def test_a_pool_that_is_another_stays(path: Path) -> None:
    _changed(path, _wider_steps)
    made = yolox_graph.shortened(path, 0)
    assert isinstance(made, bytes)
    assert _sides_of_pools(onnx.load_from_string(made).graph) == [[5, 5], [9, 7], [13, 13]]
    np.testing.assert_allclose(_run(made), _run(path)[:, :, :6], atol=1e-5)


def _classes_without_sigmoid(graph: Any) -> None:
    _made(graph, "fine_joined").input[2] = "fine_classes"


def _rows_that_somebody_else_reads(graph: Any) -> None:
    graph.node.append(helper.make_node("Identity", ["fine_rows"], ["also"]))
    graph.output.append(helper.make_tensor_value_info("also", TensorProto.FLOAT, [1, 5 + _CLASSES, "cells"]))


@pytest.mark.parametrize("change", [_classes_without_sigmoid, _rows_that_somebody_else_reads])
def test_an_end_that_is_another_keeps_all_classes(path: Path, change: Any) -> None:
    _changed(path, change)
    made = yolox_graph.shortened(path, 0)
    assert isinstance(made, bytes)
    assert onnx.load_from_string(made).graph.output[0].type.tensor_type.shape.dim[2].dim_value == 5 + _CLASSES
    assert "Slice" not in _kinds(made)


def test_a_class_that_there_is_not_is_left_to_the_head(path: Path) -> None:
    made = yolox_graph.shortened(path, _CLASSES)
    assert isinstance(made, bytes)
    assert _run(made).shape[2] == 5 + _CLASSES


def test_what_is_not_changed_is_loaded_from_its_file(tmp_path: Path, path: Path) -> None:
    once = tmp_path / "once.onnx"
    made = yolox_graph.shortened(path, 1)
    assert isinstance(made, bytes)
    once.write_bytes(made)
    assert yolox_graph.shortened(once, 0) == once
    (tmp_path / "none.onnx").write_bytes(b"no graph")
    assert yolox_graph.shortened(tmp_path / "none.onnx", 0) == tmp_path / "none.onnx"
    apart = tmp_path / "apart.onnx"
    onnx.save(onnx.load(str(path)), str(apart), save_as_external_data=True, size_threshold=0, location="weights")
    assert yolox_graph.shortened(apart, 0) == apart
