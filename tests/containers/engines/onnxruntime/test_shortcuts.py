from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ipc_ai_serving.engines.onnxruntime import shortcuts
from ipc_ai_serving.errors import ModelLoadError

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
    made = shortcuts.shortened(path, target_class=target)
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
    made = shortcuts.shortened(path, target_class=0)
    assert _kinds(made)["Slice"] == _kinds(path)["Slice"] == 8
    np.testing.assert_allclose(_run(made), _run(path)[:, :, :6], atol=1e-5)


def _wider_steps(graph: Any) -> None:
    node = _made(graph, "pool_9")
    _set(node, "kernel_shape", [9, 7])
    _set(node, "pads", [4, 3, 4, 3])


def test_a_pool_that_is_another_stays(path: Path) -> None:
    _changed(path, _wider_steps)
    made = shortcuts.shortened(path, target_class=0)
    assert isinstance(made, bytes)
    assert _sides_of_pools(onnx.load_from_string(made).graph) == [[5, 5], [9, 7], [13, 13]]
    np.testing.assert_allclose(_run(made), _run(path)[:, :, :6], atol=1e-5)


def _classes_without_sigmoid(graph: Any) -> None:
    _made(graph, "fine_joined").input[2] = "fine_classes"


def _rows_that_another_node_reads(graph: Any) -> None:
    graph.node.append(helper.make_node("Identity", ["fine_rows"], ["also"]))
    graph.output.append(helper.make_tensor_value_info("also", TensorProto.FLOAT, [1, 5 + _CLASSES, "cells"]))


@pytest.mark.parametrize("change", [_classes_without_sigmoid, _rows_that_another_node_reads])
def test_an_end_that_is_another_keeps_all_classes(path: Path, change: Any) -> None:
    _changed(path, change)
    made = shortcuts.shortened(path, target_class=0)
    assert isinstance(made, bytes)
    assert onnx.load_from_string(made).graph.output[0].type.tensor_type.shape.dim[2].dim_value == 5 + _CLASSES
    assert "Slice" not in _kinds(made)


def test_a_class_that_there_is_not_is_left_to_the_head(path: Path) -> None:
    made = shortcuts.shortened(path, target_class=_CLASSES)
    assert isinstance(made, bytes)
    assert _run(made).shape[2] == 5 + _CLASSES


def test_what_is_not_changed_is_loaded_from_its_file(tmp_path: Path, path: Path) -> None:
    once = tmp_path / "once.onnx"
    made = shortcuts.shortened(path, target_class=1)
    assert isinstance(made, bytes)
    once.write_bytes(made)
    assert shortcuts.shortened(once, target_class=0) == once
    (tmp_path / "none.onnx").write_bytes(b"no graph")
    assert shortcuts.shortened(tmp_path / "none.onnx", target_class=0) == tmp_path / "none.onnx"
    apart = tmp_path / "apart.onnx"
    onnx.save(onnx.load(str(path)), str(apart), save_as_external_data=True, size_threshold=0, location="weights")
    assert shortcuts.shortened(apart, target_class=0) == apart


def _saved(path: Path, nodes: list[Any], constants: dict[str, npt.ArrayLike], opset: int = 13) -> Path:
    """A graph from (1, 4, 8, 8) to what its last node makes."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, 8, 8]) for name in ("images", "output")]
    weights = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), str(path))
    return path


def _answer(graph: Path | bytes) -> npt.NDArray[np.float32]:
    import onnxruntime

    frame = np.random.default_rng(1).uniform(-9, 9, (1, 4, 8, 8)).astype(np.float32)
    result: npt.NDArray[np.float32] = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(
        None, {"images": frame}
    )[0]
    return result


@pytest.mark.parametrize("largest", [["images", "zero"], ["zero", "images"]])
@pytest.mark.parametrize("smallest", [["positive", "six"], ["six", "positive"]])
def test_a_smallest_of_a_largest_is_clipped(tmp_path: Path, largest: list[str], smallest: list[str]) -> None:
    nodes = [helper.make_node("Max", largest, ["positive"]), helper.make_node("Min", smallest, ["output"])]
    path = _saved(tmp_path / "net.onnx", nodes, {"zero": [0], "six": 6})
    made = shortcuts.shortened(path)
    assert _kinds(made) == {"Clip": 1}
    np.testing.assert_array_equal(_answer(made), _answer(path))


def test_limits_that_are_others_stay(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Max", ["images", "zero"], ["positive"]),
        helper.make_node("Min", ["positive", "six"], ["output"]),
    ]
    a_channel = _saved(tmp_path / "a.onnx", nodes, {"zero": np.zeros((4, 1, 1)), "six": 6})
    older = _saved(tmp_path / "b.onnx", nodes, {"zero": 0, "six": 6}, opset=10)
    read_twice = _saved(
        tmp_path / "c.onnx",
        [
            nodes[0],
            helper.make_node("Min", ["positive", "six"], ["clipped"]),
            helper.make_node("Add", ["clipped", "positive"], ["output"]),
        ],
        {"zero": 0, "six": 6},
    )
    for path in (a_channel, older, read_twice):
        assert shortcuts.shortened(path) == path


def _sloped(path: Path, slopes: npt.ArrayLike, source: str = "maps") -> Path:
    nodes = [
        helper.make_node("Conv", ["images", "weights"], ["maps"]),
        helper.make_node("PRelu", [source, "slopes"], ["output"]),
    ]
    return _saved(path, nodes, {"weights": np.eye(4).reshape(4, 4, 1, 1), "slopes": slopes})


def test_slopes_are_convolved_on_a_cpu(tmp_path: Path) -> None:
    path = _sloped(tmp_path / "net.onnx", np.reshape([-1.5, 0, 0.25, 3], (4, 1, 1)))
    made = shortcuts.shortened(path)
    assert _kinds(made) == {"Add": 1, "Conv": 3, "Relu": 1}
    np.testing.assert_allclose(_answer(made), _answer(path), atol=1e-5)
    assert shortcuts.shortened(path, on_cpu=False) == path


def test_slopes_that_are_others_stay(tmp_path: Path) -> None:
    one = _sloped(tmp_path / "one.onnx", [0.25])
    a_pixel = _sloped(tmp_path / "pixel.onnx", np.full((4, 8, 8), 0.25))
    no_convolution = _sloped(tmp_path / "none.onnx", np.full((4, 1, 1), 0.25), source="images")
    for path in (one, a_pixel, no_convolution):
        assert shortcuts.shortened(path) == path


def test_a_large_graph_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _sloped(tmp_path / "net.onnx", np.full((4, 1, 1), 0.25))
    monkeypatch.setattr(shortcuts, "_LARGEST_BYTES", path.stat().st_size - 1)
    assert shortcuts.shortened(path) == path


def _clipped(path: Path, kind: type = np.float32, zero: npt.ArrayLike = 0, opset: int = 13, domain: str = "") -> Path:
    nodes = [
        helper.make_node("Max", ["images", "zero"], ["positive"]),
        helper.make_node("Min", ["positive", "six"], ["output"]),
    ]
    constants = [numpy_helper.from_array(np.asarray(value, kind), name) for name, value in (("zero", zero), ("six", 6))]
    element = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    ends = [helper.make_tensor_value_info(name, element, [1, 4, 8, 8]) for name in ("images", "output")]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, opset)], ir_version=8), str(path))
    return path


def test_weights_that_are_declared_as_inputs_are_no_inputs(tmp_path: Path) -> None:
    path = _clipped(tmp_path / "net.onnx")
    plain = shortcuts.shortened(path)

    def declare(graph: Any) -> None:
        graph.input.extend(
            helper.make_tensor_value_info(each.name, each.data_type, list(each.dims)) for each in graph.initializer
        )

    _changed(path, declare)
    made = shortcuts.shortened(path)
    assert isinstance(made, bytes)
    assert [declared.name for declared in onnx.load_from_string(made).graph.input] == ["images"]
    np.testing.assert_array_equal(_answer(made), _answer(plain))


def test_limits_of_other_types_and_shapes_stay(tmp_path: Path) -> None:
    for path in (
        _clipped(tmp_path / "a.onnx", zero=np.zeros((1, 1, 1, 1, 1))),
        _clipped(tmp_path / "b.onnx", zero=np.nan),
        _clipped(tmp_path / "c.onnx", np.float64, opset=11),
    ):
        assert shortcuts.shortened(path) == path
    other_name_of_the_domain = _clipped(tmp_path / "d.onnx", domain="ai.onnx")
    made = shortcuts.shortened(other_name_of_the_domain)
    assert isinstance(made, bytes)
    np.testing.assert_array_equal(_answer(made), _answer(other_name_of_the_domain))


def test_new_names_are_unused_so_far(tmp_path: Path) -> None:
    path = _clipped(tmp_path / "net.onnx")

    def use_names(graph: Any) -> None:
        taken = [f"short:output_{limit}" for limit in ("lowest", "highest")]
        graph.initializer.extend(numpy_helper.from_array(np.float32(5), name) for name in taken)
        graph.node[1].output[0] = "clipped"
        graph.node.append(helper.make_node("Sum", ["clipped", *taken], ["output"]))

    _changed(path, use_names)
    made = shortcuts.shortened(path)
    assert isinstance(made, bytes)
    np.testing.assert_array_equal(_answer(made), _answer(path))


def _captured_by_a_branch(graph: Any) -> None:
    branches = [
        helper.make_graph(
            [helper.make_node("Add", ["clipped", name], [f"{name}_sum"])],
            name,
            [],
            [helper.make_tensor_value_info(f"{name}_sum", TensorProto.FLOAT, [1, 4, 8, 8])],
        )
        for name in ("positive", "zero")
    ]
    graph.node[1].output[0] = "clipped"
    graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    graph.node.append(helper.make_node("If", ["yes"], ["output"], then_branch=branches[0], else_branch=branches[1]))


def _out_of_order(graph: Any) -> None:
    nodes = list(graph.node)[::-1]
    del graph.node[:]
    graph.node.extend(nodes)


@pytest.mark.parametrize("change", [_captured_by_a_branch, _out_of_order])
def test_graphs_that_are_not_plain_stay(tmp_path: Path, change: Any) -> None:
    path = _clipped(tmp_path / "net.onnx")
    _changed(path, change)
    assert shortcuts.shortened(path) == path


def test_a_constant_that_lies_in_a_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _clipped(tmp_path / "net.onnx")

    def put_beside(graph: Any) -> None:
        six = graph.initializer[1]
        six.data_location = TensorProto.EXTERNAL
        six.external_data.add(key="location", value="six")
        six.ClearField("raw_data")
        graph.node.insert(0, helper.make_node("Constant", [], ["six"], value=six))
        graph.initializer.remove(six)

    _changed(path, put_beside)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "six").write_bytes(np.float32(3).tobytes())
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert shortcuts.shortened(path) == path


@pytest.mark.parametrize("slopes", [np.full((1, 1, 1), 0.25), np.full((4, 1, 1), np.inf), np.full((4, 1, 1), 1e4)])
def test_slopes_that_a_convolution_would_not_do_exactly_stay(tmp_path: Path, slopes: npt.ArrayLike) -> None:
    path = _sloped(tmp_path / "net.onnx", slopes)
    assert shortcuts.shortened(path) == path


def test_slopes_of_rows_stay(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["images", "weights"], ["maps"]),
        helper.make_node("PRelu", ["maps", "slopes"], ["output"]),
    ]
    path = _saved(tmp_path / "net.onnx", nodes, {"weights": np.eye(4).reshape(4, 4, 1), "slopes": np.ones((4, 1, 1))})

    def make_rows(graph: Any) -> None:
        for end in (*graph.input, *graph.output):
            del end.type.tensor_type.shape.dim[3]

    _changed(path, make_rows)
    assert shortcuts.shortened(path) == path


def _logits_that_another_node_reads(graph: Any) -> None:
    node = _made(graph, "fine_objectness_sigmoid")
    node.CopyFrom(helper.make_node("ReduceMax", ["fine_classes"], list(node.output), axes=[1]))


def test_classes_that_another_node_reads_stay(path: Path) -> None:
    _changed(path, _logits_that_another_node_reads)
    made = shortcuts.shortened(path, target_class=0)
    np.testing.assert_allclose(_run(made), _run(path), atol=1e-5)


def test_an_output_without_a_shape(path: Path) -> None:
    _changed(path, lambda graph: graph.output[0].type.tensor_type.ClearField("shape"))
    made = shortcuts.shortened(path, target_class=1)
    assert _run(made).shape[2] == 6


def test_the_one_class_of_a_graph_is_no_other(path: Path, tmp_path: Path) -> None:
    made = shortcuts.shortened(path, target_class=1)
    assert isinstance(made, bytes)
    once = tmp_path / "once.onnx"
    once.write_bytes(made)
    with pytest.raises(ModelLoadError, match="one class; 'target_class' must be 0, not 15"):
        shortcuts.shortened(once, target_class=15)
