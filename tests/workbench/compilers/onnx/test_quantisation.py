from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from workbench.compilers.onnx.quantisation import quantise
from workbench.errors import CompileError

_SHAPE = (1, 3, 8, 8)


def _tensors(count: int = 4) -> list[npt.NDArray[np.float32]]:
    random = np.random.default_rng(0)
    return [random.uniform(-1, 1, _SHAPE).astype(np.float32) for _ in range(count)]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Convolution of 16 filters, and a sigmoid that stays in 32 bits."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).normal(size=(16, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["frame", "weights"], ["maps"]),
        helper.make_node("Sigmoid", ["maps"], ["scores"]),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("frame", list(_SHAPE)), ("scores", [1, 16, 6, 6]))
    ]
    made = helper.make_graph(nodes, "net", ends[:1], ends[1:], [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "net.onnx"
    onnx.save(model, str(path))
    return path


def _run(path: Path, tensor: npt.NDArray[np.float32]) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"frame": tensor})[0]


def test_convolutions_become_8_bits_and_the_answers_stay_near(graph: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto

    target = tmp_path / "int8.onnx"
    quantise(graph, target, input_name="frame", tensors=_tensors())
    made = onnx.load(str(target)).graph
    # The weights, and the zero points of their 16 scales.
    in_8_bits = [list(entry.dims) for entry in made.initializer if entry.data_type == TensorProto.INT8]
    assert sorted(in_8_bits) == [[16], [16, 3, 3, 3]]
    assert {"QuantizeLinear", "DequantizeLinear", "Conv", "Sigmoid"} == {node.op_type for node in made.node}
    (sigmoid,) = (node for node in made.node if node.op_type == "Sigmoid")
    assert sigmoid.output[:] == ["scores"]  # no rounding follows it
    difference = np.abs(_run(graph, _tensors()[0]) - _run(target, _tensors()[0])).max()
    assert 0 < difference < 0.05


def test_each_filter_has_a_scale_of_its_own(graph: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import numpy_helper

    target = tmp_path / "int8.onnx"
    quantise(graph, target, input_name="frame", tensors=_tensors())
    scales = [numpy_helper.to_array(entry) for entry in onnx.load(str(target)).graph.initializer]
    assert [len(set(scale.tolist())) for scale in scales if scale.shape == (16,) and scale.dtype == np.float32] == [16]


def test_the_ranges_are_those_of_the_calibration(graph: Path, tmp_path: Path) -> None:
    """A graph calibrated on small numbers clips large ones."""
    narrow, wide = tmp_path / "narrow.onnx", tmp_path / "wide.onnx"
    quantise(graph, narrow, input_name="frame", tensors=[tensor / 100 for tensor in _tensors()])
    quantise(graph, wide, input_name="frame", tensors=_tensors())
    expected = _run(graph, _tensors()[0])
    errors = [np.abs(_run(path, _tensors()[0]) - expected).max() for path in (narrow, wide)]
    assert errors[0] > 5 * errors[1]


def test_what_lies_between_convolutions_is_in_8_bits_and_what_leaves_them_is_not(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(1)
    weights = {
        name: random.normal(size=shape).astype(np.float32)
        for name, shape in (("first", (4, 3, 3, 3)), ("second", (2, 8, 1, 1)))
    }
    nodes = [
        helper.make_node("Conv", ["frame", "first"], ["maps"]),
        helper.make_node("Relu", ["maps"], ["positive"]),
        helper.make_node("Concat", ["positive", "positive"], ["joined"], axis=1),
        helper.make_node("Conv", ["joined", "second"], ["boxes"]),
        helper.make_node("Relu", ["boxes"], ["sides"]),
        helper.make_node("Concat", ["boxes", "sides"], ["found"], axis=1),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("frame", list(_SHAPE)), ("found", [1, 4, 6, 6]))
    ]
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    made = helper.make_graph(nodes, "net", ends[:1], ends[1:], constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    source, target = tmp_path / "net.onnx", tmp_path / "int8.onnx"
    onnx.save(model, str(source))
    quantise(source, target, input_name="frame", tensors=_tensors())
    made = onnx.load(str(target)).graph
    # Unsigned 8 bits imply the first Relu. The second one and the graph's output are exact.
    assert [list(node.output) for node in made.node if node.op_type == "Relu"] == [["sides"]]
    (last,) = (node for node in made.node if node.output[0] == "found")
    assert last.op_type == "Concat"
    assert not [node for node in made.node if node.op_type == "QuantizeLinear" and node.input[0] in ("sides", "found")]
    assert [node.input[0] for node in made.node if node.op_type == "QuantizeLinear"].count("joined") == 1
    expected = _run(source, _tensors()[0])
    difference = np.abs(expected - _run(target, _tensors()[0])).max()
    assert 0 < difference < 0.03 * np.abs(expected).max()


def test_what_is_no_graph_is_one_sentence_and_the_log_is_as_before(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no graph")
    level = logging.getLogger().level
    with pytest.raises(CompileError, match=r"^ONNX Runtime cannot quantise the graph: .+"):
        quantise(tmp_path / "net.onnx", tmp_path / "int8.onnx", input_name="frame", tensors=_tensors(1))
    assert logging.getLogger().level == level


@pytest.mark.parametrize(("shape", "is_transposed"), [((), True), ((1,), False), ((1, 5), True), ((5,), False)])
def test_a_matrix_product_may_have_one_bias_for_all_outputs(
    tmp_path: Path, shape: tuple[int, ...], is_transposed: bool
) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).normal(size=(5, 192) if is_transposed else (192, 5)).astype(np.float32)
    constants = {"weights": weights, "bias": np.full(shape, 0.5, np.float32)}
    nodes = [
        helper.make_node("Flatten", ["frame"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["found"], transB=int(is_transposed)),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, sides)
        for name, sides in (("frame", list(_SHAPE)), ("found", [1, 5]))
    ]
    initial = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    made = helper.make_graph(nodes, "net", ends[:1], ends[1:], initial)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "net.onnx"))
    quantise(tmp_path / "net.onnx", tmp_path / "int8.onnx", input_name="frame", tensors=_tensors())
    found, expected = (_run(tmp_path / name, _tensors()[0]) for name in ("int8.onnx", "net.onnx"))
    assert np.abs(found - expected).max() < 0.5  # of sums of 192 products


def test_bytes_in_another_order_and_a_second_input_reach_the_calibration(tmp_path: Path) -> None:
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).normal(size=(16, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["frame"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "weights"], ["maps"]),
        helper.make_node("Cast", ["sizes"], ["sides"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["sides"], ["side"], keepdims=0),
        helper.make_node("Div", ["maps", "side"], ["found"]),
    ]
    inputs = [
        helper.make_tensor_value_info("frame", TensorProto.UINT8, [1, 8, 8, 3]),
        helper.make_tensor_value_info("sizes", TensorProto.INT64, [1, 2]),
    ]
    outputs = [helper.make_tensor_value_info("found", TensorProto.FLOAT, [1, 16, 6, 6])]
    made = helper.make_graph(nodes, "net", inputs, outputs, [numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "net.onnx"))
    frames = [np.random.default_rng(number).integers(0, 256, (1, 8, 8, 3)).astype(np.float32) for number in range(4)]
    target = tmp_path / "int8.onnx"
    also = {"sizes": "network-size"}
    quantise(tmp_path / "net.onnx", target, input_name="frame", tensors=frames, layout="NHWC", also=also)
    feed = {"frame": frames[0].astype(np.uint8), "sizes": np.array([[8, 8]])}
    expected, found = (
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feed)[0]
        for path in (tmp_path / "net.onnx", target)
    )
    assert 0 < np.abs(expected - found).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize(("for_vnni", "largest"), [(False, 64), (True, 127)])
def test_weights_have_7_bits_unless_the_processor_takes_8(
    graph: Path, tmp_path: Path, for_vnni: bool, largest: int
) -> None:
    import onnx
    from onnx import numpy_helper

    quantise(graph, tmp_path / "int8.onnx", input_name="frame", tensors=_tensors(), for_vnni=for_vnni)
    stored = onnx.load(str(tmp_path / "int8.onnx")).graph.initializer
    (weights,) = (each for each in stored if len(each.dims) == 4)
    assert np.abs(numpy_helper.to_array(weights).astype(int)).max() == largest


def test_a_graph_without_weights_has_nothing_to_quantise(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(_SHAPE)) for name in ("frame", "found")]
    made = helper.make_graph([helper.make_node("Relu", ["frame"], ["found"])], "net", ends[:1], ends[1:])
    onnx.save(helper.make_model(made, ir_version=8), str(tmp_path / "net.onnx"))
    with pytest.raises(CompileError, match=r"^net.onnx has no convolution or matrix product"):
        quantise(tmp_path / "net.onnx", tmp_path / "int8.onnx", input_name="frame", tensors=_tensors())
