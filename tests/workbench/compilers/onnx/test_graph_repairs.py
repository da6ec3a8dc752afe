from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ipc_ai_catalogue as catalogue
from workbench.compilers.onnx import conversion, graph_repairs


def _reversed(data: Any) -> Any:
    import mxnet as mx

    return mx.sym.reverse(data, axis=1)


def _slopes(data: Any) -> Any:
    import mxnet as mx

    return mx.sym.LeakyReLU(data, mx.sym.Variable("slopes"), act_type="prelu")


def _best_boxes(data: Any) -> Any:
    """Selects the best boxes; a channel's rows are boxes of score, x_min, y_min, x_max, y_max."""
    import mxnet as mx

    boxes = mx.sym.reshape(mx.sym.slice_axis(data, axis=1, begin=0, end=1), (1, -1, 5))
    kept = mx.sym.contrib.box_nms(boxes, overlap_thresh=0.5, topk=2, coord_start=1, score_index=0, id_index=-1)
    return mx.sym.slice_axis(kept, axis=1, begin=0, end=2)  # as detectors do, because MXNet pads the rest with -1


def _outputs_in_another_order(data: Any) -> Any:
    """Symbol with its last node as first output, and with a second output of two parts."""
    import mxnet as mx

    first, second = mx.sym.split(data, num_outputs=2, axis=2)
    return mx.sym.Group([mx.sym.exp(data), second, first])


def _enlarged_and_cut(data: Any) -> Any:
    """Enlarges and crops a map, as YOLOv3 does to join its feature maps."""
    import mxnet as mx

    map_ = mx.sym.Convolution(
        data, mx.sym.Variable("kernel"), no_bias=True, num_filter=2, kernel=(3, 3), stride=(2, 2), pad=(1, 1)
    )
    enlarged = mx.sym.repeat(mx.sym.repeat(map_, axis=-1, repeats=2), axis=-2, repeats=3)
    return mx.sym.slice_like(enlarged, data * 0, axes=(2, 3))


def _repeated_without_convolution(data: Any) -> Any:
    """Repeats an input that has no known number of dimensions, because no convolution precedes it."""
    import mxnet as mx

    return mx.sym.repeat(mx.sym.repeat(data, axis=-1, repeats=2), axis=-2, repeats=2)


def _repeated_channels(data: Any) -> Any:
    import mxnet as mx

    return mx.sym.repeat(mx.sym.repeat(data, axis=-1, repeats=2), axis=1, repeats=2)


@pytest.mark.parametrize(
    "graph",
    [
        _reversed,
        _slopes,
        _best_boxes,
        _outputs_in_another_order,
        _enlarged_and_cut,
        _repeated_without_convolution,
        _repeated_channels,
    ],
)
def test_a_repaired_graph_gives_what_mxnet_gives_at_another_size(graph: Any, tmp_path: Path) -> None:
    import mxnet as mx
    import onnxruntime

    symbol = graph(mx.sym.Variable("data"))
    files = {"symbol": tmp_path / "a-symbol.json", "params": tmp_path / "a-0000.params"}
    symbol.save(str(files["symbol"]))
    weights = {"slopes": mx.nd.array([0.1, 0.2, 0.3]), "kernel": mx.nd.random.uniform(shape=(2, 3, 3, 3))}
    mx.nd.save(str(files["params"]), {f"arg:{name}": value for name, value in weights.items()})
    target = tmp_path / "a.onnx"
    outputs = conversion.convert(catalogue.load().model("face_detector_yunet_n"), files, (1, 3, 8, 5), target)
    graph_repairs.repair_file(target, outputs)
    tensor = np.random.default_rng(0).uniform(-1, 1, (1, 3, 12, 5)).astype(np.float32)
    expected = symbol.bind(
        mx.cpu(), {name: (weights | {"data": mx.nd.array(tensor)})[name] for name in symbol.list_arguments()}
    ).forward()
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    assert [declared.name for declared in session.get_inputs()] == ["data"]
    found = session.run(None, {"data": tensor})
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other.asnumpy(), rtol=1e-5)


def test_a_map_is_enlarged_at_once_and_no_map_is_multiplied_for_its_size(tmp_path: Path) -> None:
    import mxnet as mx
    import onnx

    symbol = _enlarged_and_cut(mx.sym.Variable("data"))
    files = {"symbol": tmp_path / "a-symbol.json", "params": tmp_path / "a-0000.params"}
    symbol.save(str(files["symbol"]))
    mx.nd.save(str(files["params"]), {"arg:kernel": mx.nd.ones((2, 3, 3, 3))})
    target = tmp_path / "a.onnx"
    outputs = conversion.convert(catalogue.load().model("face_detector_yunet_n"), files, (1, 3, 8, 5), target)
    graph_repairs.repair_file(target, outputs)
    nodes = onnx.load(str(target)).graph.node
    assert [node.op_type for node in nodes if node.op_type in ("Conv", "Resize", "Tile")] == ["Conv", "Resize"]
    assert not [node for node in nodes if node.op_type == "Mul" and "data" in node.input]
