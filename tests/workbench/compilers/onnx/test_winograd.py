from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ipc_ai_serving.engines.onnxruntime import shortcuts
from workbench.compilers.onnx import winograd
from workbench.compilers.onnx.winograd_nodes import OF_FOUR, OF_TWO

_CHANNELS = 128
_RANDOM = np.random.default_rng(0)


def _net(
    lengths: Sequence[int | str] = (1, 3, 26, 26),
    *,
    channels: int = _CHANNELS,
    filters: int = _CHANNELS,
    **changed: Any,
) -> Any:
    """A convolution of one pixel, one of nine with its activation, the sum of both, and one of one pixel."""
    weights: list[Any] = []

    def constant(name: str, *shape: int) -> str:
        values = _RANDOM.normal(size=shape, scale=(np.prod(shape[1:]) or 1) ** -0.5).astype(np.float32)
        weights.append(numpy_helper.from_array(values, name))
        return name

    nine = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [1, 1], "dilations": [1, 1], "group": 1}
    nodes = [
        helper.make_node("Conv", ["data", constant("w1", channels, 3, 1, 1)], ["first"]),
        helper.make_node(
            "Conv",
            ["first", constant("w2", filters, channels // changed.get("group", 1), 3, 3), constant("b2", filters)],
            ["second"],
            name="nine",
            **{**nine, **changed},
        ),
        helper.make_node("LeakyRelu", ["second"], ["active"], alpha=0.1),
        helper.make_node("Conv", ["active", constant("w3", 8, filters, 1, 1), constant("b3", 8)], ["last"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, lengths)],
        [helper.make_tensor_value_info("last", TensorProto.FLOAT, [None] * 4)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def _bytes(model: Any) -> bytes:
    return bytes(model.SerializeToString())


def _run(graph: bytes, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"data": frames})
    made: npt.NDArray[np.float32] = result
    return made


def _sides_of_kernels(graph: bytes) -> set[tuple[int, ...]]:
    weights = {each.name: tuple(each.dims) for each in onnx.load_from_string(graph).graph.initializer}
    return {weights[node.input[1]][2:] for node in onnx.load_from_string(graph).graph.node if node.op_type == "Conv"}


def _assert_same(made: bytes, graph: bytes, shape: tuple[int, ...]) -> None:
    frames = _RANDOM.normal(size=shape).astype(np.float32)
    expected = _run(graph, frames)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(_run(made, frames), expected, rtol=0, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("filtering", [OF_FOUR, OF_TWO], ids=lambda each: f"F({each.side},3)")
def test_the_matrices_filter(filtering: Any) -> None:
    """A'[(G g) * (B' d)] is what sliding three numbers over m + 2 gives."""
    numbers, kernel = _RANDOM.normal(size=filtering.side + 2), _RANDOM.normal(size=3)
    made = filtering.to_pixels @ ((filtering.from_kernel @ kernel) * (filtering.from_pixels @ numbers))
    np.testing.assert_allclose(made, np.correlate(numbers, kernel, "valid"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("rows", "columns", "wide"),
    [(28, 20, 6), (26, 26, 6), (17, 19, 6), (80, 4, 6), (14, 14, 4), (13, 13, 4), (14, 13, 4)],
)
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("is_open", [False, True])
def test_the_numbers_are_the_same(rows: int, columns: int, wide: int, batch: int, is_open: bool) -> None:
    graph = _bytes(_net([batch, 3, *(("rows", "columns") if is_open else (rows, columns))]))
    made = winograd.with_fewer_products(graph, side=26 if wide == 6 else 13)
    assert isinstance(made, bytes)
    onnx.checker.check_model(onnx.load_from_string(made))
    assert _sides_of_kernels(made) == {(1, 1), (wide, 1), (1, wide)}
    _assert_same(made, graph, (batch, 3, rows, columns))


def test_a_graph_that_leaves_the_size_open_is_right_for_every_size() -> None:
    graph = _bytes(_net(["frames", 3, "rows", "columns"]))
    made = winograd.with_fewer_products(graph, side=32)
    assert isinstance(made, bytes)
    for shape in [(1, 3, 1, 1), (2, 3, 5, 3), (1, 3, 8, 31), (3, 3, 40, 2)]:
        _assert_same(made, graph, shape)


def _normed(graph: Any) -> None:
    for name in ("scale", "bias", "mean", "variance"):
        values = _RANDOM.uniform(0.5, 1.5, _CHANNELS).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(values, name))
    activation = graph.node[2]
    activation.input[0] = "normed"
    inputs = ["second", "scale", "bias", "mean", "variance"]
    graph.node.insert(2, helper.make_node("BatchNormalization", inputs, ["normed"]))


def _summed(graph: Any) -> None:
    graph.node[3].input[0] = "summed"
    graph.node.insert(3, helper.make_node("Add", ["active", "first"], ["summed"]))


def _without_bias(graph: Any) -> None:
    del graph.node[1].input[2:]


def _twice_as_deep(graph: Any) -> None:
    graph.node[2].input[0] = "deeper"
    graph.node.insert(2, helper.make_node("Conv", ["second", "w2", "b2"], ["deeper"], pads=[1] * 4))


def _read_twice(graph: Any) -> None:
    graph.node[3].input[0] = "both"
    graph.node.insert(3, helper.make_node("Add", ["active", "second"], ["both"]))


@pytest.mark.parametrize("change", [_normed, _summed, _without_bias, _twice_as_deep, _read_twice])
@pytest.mark.parametrize("is_open", [False, True])
def test_neighbours_stay_as_they_are(change: Callable[[Any], None], is_open: bool) -> None:
    model = _net([1, 3, *(("rows", "columns") if is_open else (26, 26))])
    change(model.graph)
    made = winograd.with_fewer_products(_bytes(model), side=26)
    assert isinstance(made, bytes)
    assert (3, 3) not in _sides_of_kernels(made)
    _assert_same(made, _bytes(model), (1, 3, 26, 26))


@pytest.mark.parametrize(
    "changed",
    [
        {"strides": [2, 2]},
        {"dilations": [2, 2]},
        {"pads": [0, 0, 0, 0]},
        {"pads": [1, 1, 0, 0]},
        {"group": 2},
        {"auto_pad": "SAME_UPPER", "pads": [1, 1, 1, 1]},
        {"channels": 64},
        {"filters": 127},
        {"lengths": (1, 3, 7, 7)},
    ],
    ids=str,
)
def test_other_convolutions_stay(changed: dict[str, Any]) -> None:
    graph = _bytes(_net(**changed))
    assert winograd.with_fewer_products(graph, side=416) is graph


def _weights_made_in_the_graph(graph: Any) -> None:
    graph.node.insert(0, helper.make_node("Identity", ["w2"], ["kernels"]))
    graph.node[2].input[1] = "kernels"


def _weights_that_are_no_numbers(graph: Any) -> None:
    (weights,) = (each for each in graph.initializer if each.name == "w2")
    values = numpy_helper.to_array(weights).copy()
    values[0, 0, 0, 0] = np.nan
    weights.CopyFrom(numpy_helper.from_array(values, "w2"))


def _of_another_domain(graph: Any) -> None:
    graph.node[1].domain = "somebody"


@pytest.mark.parametrize("change", [_weights_made_in_the_graph, _weights_that_are_no_numbers, _of_another_domain])
def test_graphs_that_only_look_alike_stay(change: Callable[[Any], None]) -> None:
    model = _net()
    change(model.graph)
    graph = _bytes(model)
    assert winograd.with_fewer_products(graph, side=416) is graph


def test_older_operators_stay() -> None:
    model = _net()
    model.opset_import[0].version = 12
    graph = _bytes(model)
    assert winograd.with_fewer_products(graph, side=416) is graph


def test_what_is_too_large_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _net()
    _twice_as_deep(model.graph)
    graph = _bytes(model)
    monkeypatch.setattr(winograd, "_LARGEST_KERNELS", _CHANNELS * _CHANNELS * 36 * 4)
    made = winograd.with_fewer_products(graph, side=26)
    assert isinstance(made, bytes)
    assert (3, 3) in _sides_of_kernels(made)  # the second of two
    _assert_same(made, graph, (1, 3, 26, 26))
    monkeypatch.setattr(winograd, "_LARGEST_BYTES", len(graph) - 1)
    (tmp_path / "net.onnx").write_bytes(graph)
    assert winograd.with_fewer_products(tmp_path / "net.onnx", side=26) == tmp_path / "net.onnx"
    assert winograd.with_fewer_products(graph, side=26) is graph


def _with_sparse_weights(graph: Any) -> None:
    values = numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    places = numpy_helper.from_array(np.zeros(1, np.int64), "places")
    graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [4]))


def _without_inputs(graph: Any) -> None:
    del graph.input[:]


@pytest.mark.parametrize("change", [_with_sparse_weights, _without_inputs])
def test_unusual_graphs_stay(change: Callable[[Any], None], tmp_path: Path) -> None:
    model = _net()
    change(model.graph)
    (tmp_path / "net.onnx").write_bytes(_bytes(model))
    assert winograd.with_fewer_products(tmp_path / "net.onnx", side=26) == tmp_path / "net.onnx"
    assert shortcuts.shortened(tmp_path / "net.onnx") == tmp_path / "net.onnx"


def test_what_is_no_graph_stays(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no graph")
    assert winograd.with_fewer_products(tmp_path / "net.onnx", side=26) == tmp_path / "net.onnx"


@pytest.mark.parametrize("is_open", [False, True])
def test_a_pool_whose_size_onnx_and_its_runtime_tell_differently_stays(is_open: bool) -> None:
    model = _net([1, 3, *(("rows", "columns") if is_open else (80, 80))])
    pool = {"kernel_shape": [3, 3], "strides": [3, 3], "pads": [1] * 4, "ceil_mode": 1}
    model.graph.node[1].input[0] = "pooled"
    model.graph.node.insert(1, helper.make_node("MaxPool", ["first"], ["pooled"], **pool))
    graph = _bytes(model)
    assert winograd.with_fewer_products(graph, side=80) is graph


def test_what_a_graph_declares_of_its_output_is_not_believed() -> None:
    model = _net()
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("second", TensorProto.FLOAT, [1, _CHANNELS, 20, 20]))
    made = winograd.with_fewer_products(_bytes(model), side=26)
    assert isinstance(made, bytes)
    _assert_same(made, _bytes(model), (1, 3, 26, 26))


def test_a_convolution_may_be_the_last() -> None:
    model = _net([1, 3, "rows", "columns"])
    model.graph.output[0].name = "second"
    made = winograd.with_fewer_products(_bytes(model), side=26)
    assert isinstance(made, bytes)
    assert (3, 3) not in _sides_of_kernels(made)
    _assert_same(made, _bytes(model), (1, 3, 21, 34))


def test_a_file_is_rewritten_in_place(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(_bytes(_net()))
    made = winograd.with_fewer_products(path, side=26)
    winograd.rewrite(path, side=26)
    assert path.read_bytes() == made


def test_a_file_that_cannot_be_rewritten_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(*_: object, **__: object) -> bytes:
        raise onnx.shape_inference.InferenceError("no such operators")

    (tmp_path / "net.onnx").write_bytes(b"as it was")
    monkeypatch.setattr(winograd, "with_fewer_products", refuses)
    winograd.rewrite(tmp_path / "net.onnx", side=26)
    assert (tmp_path / "net.onnx").read_bytes() == b"as it was"
    assert "no such operators" in caplog.text
