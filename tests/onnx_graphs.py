"""ONNX graphs of a few nodes, with the inputs and outputs of networks that people export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Shape = Sequence[int | str]


def write_graph(
    path: Path,
    *,
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, npt.NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
    data: str | None = None,
) -> None:
    """Writes a graph that answers the same for any input.

    Args:
        path: its file.
        inputs: shape of each float input.
        outputs: answer of each output, float32.
        metadata: the exporter's.
        data: name of a file for the weights, relative to the graph's.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    first = next(iter(inputs))
    nodes = [
        helper.make_node("ReduceMean", [first], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"{name}_values", "nothing"], [name]) for name in outputs),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in outputs.items()],
        [
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            *(numpy_helper.from_array(value.astype(np.float32), f"{name}_values") for name, value in outputs.items()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    if data:
        (path.parent / data).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path), save_as_external_data=bool(data), location=data, size_threshold=16)


def write_yunet(path: Path, *, side: int = 64) -> None:
    """Writes a graph with the twelve outputs of YuNet, which finds no face."""
    outputs = {
        f"{kind}_{stride}": np.zeros((1, (side // stride) ** 2, values))
        for kind, values in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for stride in (8, 16, 32)
    }
    write_graph(path, inputs={"input": (1, 3, side, side)}, outputs=outputs)


def write_yolox(path: Path, *, side: int = 64, classes: int = 80, data: str | None = None) -> None:
    """Writes a graph with the output of YOLOX, which is sure of the first class in the middle cell."""
    cells = sum((side // stride) ** 2 for stride in (8, 16, 32))
    rows = np.zeros((1, cells, 5 + classes))
    rows[0, cells // 2, 4:6] = 0.9, 1
    rows[0, cells // 2, 2:4] = 1
    write_graph(path, inputs={"images": (1, 3, side, side)}, outputs={"output": rows}, data=data)
