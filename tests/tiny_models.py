"""Tiny networks that find pure red in a frame, one for each framework; a test writes them when it needs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def write_yolox_onnx(path: Path) -> None:
    """Writes an ONNX graph with YOLOX's contract: (1, 3, 416, 416) BGR 0-255 to (1, 3549, 85).

    Every cell has an object at its centre, two cells wide, with the cell's redness as objectness.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.zeros((85, 3, 1, 1), np.float32)
    weights[4, :, 0, 0] = np.array([-1, -1, 1], np.float32) / 255  # red minus blue minus green
    bias = np.zeros(85, np.float32)
    bias[0:2], bias[2:4], bias[5] = 0.5, np.log(2), 1
    constants: dict[str, npt.NDArray[Any]] = {
        "weights": weights,
        "bias": bias,
        "zero": np.array(0, np.float32),
        "one": np.array(1, np.float32),
        "rows": np.array([1, 85, -1], np.int64),
    }
    nodes = []
    for stride in (8, 16, 32):
        size = [stride, stride]
        nodes += [
            helper.make_node("AveragePool", ["images"], [f"pool{stride}"], kernel_shape=size, strides=size),
            helper.make_node("Conv", [f"pool{stride}", "weights", "bias"], [f"conv{stride}"]),
            helper.make_node("Clip", [f"conv{stride}", "zero", "one"], [f"clip{stride}"]),
            helper.make_node("Reshape", [f"clip{stride}", "rows"], [f"flat{stride}"]),
            helper.make_node("Transpose", [f"flat{stride}"], [f"cells{stride}"], perm=[0, 2, 1]),
        ]
    nodes.append(helper.make_node("Concat", ["cells8", "cells16", "cells32"], ["output"], axis=1))
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 416, 416])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3549, 85])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


def write_ultralytics_onnx(path: Path) -> None:
    """Writes an ONNX graph with the output of Ultralytics' YOLOv8 at 416 x 416: (1, 84, 3549), boxes in pixels."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rows = np.full((1, 84, 3549), 0.1, np.float32)
    rows[:, :4] = 200
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["brightness"], keepdims=0),
        helper.make_node("Mul", ["brightness", "zero"], ["nothing"]),
        helper.make_node("Add", ["rows", "nothing"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "ultralytics",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 416, 416])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 84, 3549])],
        [numpy_helper.from_array(rows, "rows"), numpy_helper.from_array(np.array(0, np.float32), "zero")],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


COLOURS = ("red", "green", "blue", "")
"""Classes of the tiny classifier; the last is its background, which is never answered."""


def write_classifier_onnx(path: Path, *, last: str = "Identity", layout: str = "NCHW", as_maps: bool = False) -> None:
    """Writes a classifier of 64 x 64 RGB 0..1 frames, whose four logits are the mean colours times ten, and a zero.

    Args:
        path: the file.
        last: operator after the logits: ``Identity``, ``Softmax`` or ``Sigmoid``.
        layout: order of the input's axes.
        as_maps: whether the output is (1, 4, 1, 1) instead of (1, 4).
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.zeros((4, 3, 1, 1), np.float32)
    weights[:3, :, 0, 0] = 10 * np.eye(3)
    whole = "images" if layout == "NCHW" else "turned"
    turn = [] if layout == "NCHW" else [helper.make_node("Transpose", ["images"], ["turned"], perm=[0, 3, 1, 2])]
    flat = [helper.make_node("Identity" if as_maps else "Flatten", ["maps"], ["logits"])]
    nodes = [
        *turn,
        helper.make_node("GlobalAveragePool", [whole], ["means"]),
        helper.make_node("Conv", ["means", "weights"], ["maps"]),
        *flat,
        helper.make_node(last, ["logits"], ["scores"], **({"axis": 1} if last == "Softmax" else {})),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64] if turn == [] else [1, 64, 64, 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 4, 1, 1] if as_maps else [1, 4])],
        [numpy_helper.from_array(weights, "weights")],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def write_classifier(folder: Path, *, activation: str = "softmax", **graph: Any) -> None:
    """Writes the folder of a model ``colours``: the tiny classifier and its ``model.json``."""
    write_classifier_onnx(folder / "colours.onnx", **graph)
    document = {
        "name": "colours",
        "title": "Colours",
        "role": "classifier",
        "applications": ["image-classification"],
        "engine": "onnxruntime",
        "head": "classes",
        "classes": list(COLOURS),
        "output": {"activation": activation},
        "input": {
            "tensor": "images",
            "resize": "centre-crop",
            "size": 64,
            "crop_from": 73,
            "stride": 1,
            "max_long_side": 4096,
            "interpolation": "antialiased-linear",
            "layout": graph.get("layout", "NCHW"),
            "full_decode": True,
            "colour": "RGB",
            "scale": 1 / 255,
            "mean": [0, 0, 0],
            "std": [1, 1, 1],
        },
        "files": {"any": [{"name": "colours.onnx", "role": "onnx"}]},
        "licence": {"spdx": "Apache-2.0", "commercial_use": True, "note": "made by a test"},
    }
    (folder / "model.json").write_text(json.dumps(document), encoding="utf-8")


def write_older_layout(folder: Path, stem: str, *, hidden_channels: int = 0) -> None:
    """Writes ``STEM-symbol.json`` and parameters for MXNet with GluonCV's contract for 416 x 416 frames.

    Every cell of 32 x 32 pixels is a box, with its redness as score. With hidden channels the colours pass through a
    convolution of 3 x 3 of so many, which leaves them as they are.
    """
    import mxnet as mx

    cells = 13 * 13
    data = mx.sym.Variable("data")
    pooled = mx.sym.Pooling(data, kernel=(32, 32), stride=(32, 32), pool_type="avg")
    channels = max(hidden_channels, 3)
    params = {}
    if hidden_channels:
        pooled = mx.sym.Convolution(pooled, num_filter=channels, kernel=(1, 1), no_bias=True, name="lift")
        pooled = mx.sym.Convolution(pooled, num_filter=channels, kernel=(3, 3), pad=(1, 1), no_bias=True, name="same")
        same = np.zeros((channels, channels, 3, 3))
        same[:, :, 1, 1] = np.eye(channels)
        params = {
            "arg:lift_weight": mx.nd.array(np.eye(channels, 3).reshape(channels, 3, 1, 1)),
            "arg:same_weight": mx.nd.array(same),
        }
    redness = mx.sym.Convolution(pooled, num_filter=1, kernel=(1, 1), name="redness")
    scores = mx.sym.slice_axis(mx.sym.reshape(mx.sym.sigmoid(redness), (1, -1, 1)), axis=1, begin=0, end=cells)
    boxes = mx.sym.identity(mx.sym.Variable("cell_boxes"))
    symbol = mx.sym.Group([mx.sym.zeros_like(scores), scores, boxes])

    row, column = np.divmod(np.arange(cells), 13)
    corners = np.stack([column, row, column + 1, row + 1], axis=1) * 32
    # ImageNet-normalised pure red is 2.25, -2.04, -1.80: the sum is 6.1; grey is far below 4.
    red = np.zeros((1, channels, 1, 1))
    red[0, :3, 0, 0] = 4, -4, -4
    params |= {
        "arg:redness_weight": mx.nd.array(red),
        "arg:redness_bias": mx.nd.array([-16]),
        "arg:cell_boxes": mx.nd.array(corners[None]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    symbol.save(str(folder / f"{stem}-symbol.json"))
    mx.nd.save(str(folder / f"{stem}-0000.params"), params)
