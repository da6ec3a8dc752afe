"""Repairs of the graphs of MXNet 1.9.1's exporter to ONNX, each in place and of one fault."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.compilers.onnx import graph_shortcuts

_OUTPUT = re.compile(r"_output(\d*)$")


def repair_file(path: Path, outputs: Sequence[str]) -> None:
    """Apply all repairs and shortcuts to a file, in place.

    Args:
        path: the exporter's file.
        outputs: the outputs' names in the symbol, in its order.
    """
    import onnx

    model = onnx.load(str(path))
    repair(model)
    outputs_in_order(model.graph, outputs)
    graph_shortcuts.shorten(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def repair(model: Any) -> None:
    """Apply all repairs to an ``onnx.ModelProto``."""
    for one in (weights_are_constants, slopes_fit_channels, reversed_along_axis, best_boxes_before_suppression):
        one(model.graph)
    del model.graph.value_info[:]  # the exporter writes the shapes of the traced frame, though frames may have any size


def outputs_in_order(graph: Any, names: Sequence[str]) -> None:
    """Put the outputs into the symbol's order, because heads read them by it; the exporter uses that of the nodes.

    Args:
        graph: the graph.
        names: the symbol's, ``NODE_output`` or ``NODE_output1``; in ONNX they are ``NODE`` or ``NODE1``.
    """
    places = {_OUTPUT.sub(r"\1", name): place for place, name in enumerate(names)}
    if {output.name for output in graph.output} == places.keys():
        ordered = sorted(graph.output, key=lambda output: places[output.name])
        del graph.output[:]
        graph.output.extend(ordered)


def weights_are_constants(graph: Any) -> None:
    """Remove weights from the graph's inputs, where the exporter declares them too.

    Inputs could change with every call, so ONNX Runtime would not fold batch normalisation into convolutions.
    """
    constants = {initializer.name for initializer in graph.initializer}
    inputs = [declared for declared in graph.input if declared.name not in constants]
    del graph.input[:]
    graph.input.extend(inputs)


def slopes_fit_channels(graph: Any) -> None:
    """Give the slopes of ``PRelu`` the shape (channels, 1, 1): ONNX aligns shapes at their ends, MXNet at channels."""
    slopes = {node.input[1] for node in graph.node if node.op_type == "PRelu"}
    for initializer in graph.initializer:
        if initializer.name in slopes and len(initializer.dims) == 1:
            initializer.dims.extend([1, 1])


def reversed_along_axis(graph: Any) -> None:
    """Write ``reverse`` as one slice with a step of -1.

    The exporter pads the shape to eight dimensions and transposes, which fails for every tensor of two or more.
    """
    from onnx import helper, numpy_helper

    nodes = {output: node for node in graph.node for output in node.output}
    axes = {constant.name: constant for constant in graph.initializer if constant.name.endswith("_axis")}
    for subtraction in [node for node in graph.node if node.op_type == "Sub" and node.input[0].endswith("_8")]:
        name = subtraction.input[0].removesuffix("_8")
        if f"{name}_axis" not in axes:
            continue
        constants = {"from": [-1], "to": [np.iinfo(np.int64).min], "step": [-1]}
        for suffix, value in constants.items():
            graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.int64), f"{name}_{suffix}"))
        source, last = nodes[f"{name}_shape"].input[0], nodes[name]
        inputs = [source, f"{name}_from", f"{name}_to", f"{name}_axis", f"{name}_step"]
        last.CopyFrom(helper.make_node("Slice", inputs, [name], name=last.name))


def best_boxes_before_suppression(graph: Any) -> None:
    """Restrict ``box_nms`` to its ``topk`` best boxes, as MXNet does.

    The exporter takes ``topk`` for the number of boxes to keep, so boxes that MXNet ignores would suppress others.
    """
    for node in [node for node in graph.node if node.op_type == "NonMaxSuppression"]:
        _select_best(graph, node.output[0].removesuffix("_nms"))


def _select_best(graph: Any, name: str) -> None:
    from onnx import helper, numpy_helper

    constants = {initializer.name: initializer for initializer in graph.initializer}
    topk = int(numpy_helper.to_array(constants[f"{name}_topk"])[0])
    if topk >= np.iinfo(np.int32).max:
        return  # every box counts
    readers = [node for node in graph.node if {f"{name}_shape", f"{name}_data_3d"} & set(node.output)]
    boxes = readers[0].input[0]
    best = f"{name}_best"

    def constant(suffix: str, value: npt.ArrayLike) -> str:
        graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.int64), f"{best}_{suffix}"))
        return f"{best}_{suffix}"

    zero, last, before_last = constant("first", [0]), constant("last", [-1]), constant("before_last", [-2])
    # (frames, boxes, values) -> the topk boxes by score, with all their values.
    added = [
        helper.make_node("Slice", [boxes, f"{name}_si", f"{name}_si_p1", f"{name}_m1"], [f"{best}_scores"]),
        helper.make_node("Shape", [boxes], [f"{best}_shape"]),
        helper.make_node("Slice", [f"{best}_shape", before_last, last, zero], [f"{best}_boxes"]),
        helper.make_node("Min", [f"{best}_boxes", constant("topk", [topk])], [f"{best}_count"]),
        helper.make_node("TopK", [f"{best}_scores", f"{best}_count"], [f"{best}_top", f"{best}_order"], axis=-2),
        helper.make_node("Slice", [f"{best}_shape", last, constant("end", [2**31 - 1]), zero], [f"{best}_values"]),
        helper.make_node("Concat", [constant("ones", [1, 1]), f"{best}_values"], [f"{best}_wide"], axis=0),
        helper.make_node("Expand", [f"{best}_order", f"{best}_wide"], [f"{best}_places"]),
        helper.make_node("GatherElements", [boxes, f"{best}_places"], [best], axis=-2),
    ]
    for node in readers:
        node.input[0] = best
    nodes = list(graph.node)
    place = min(index for index, node in enumerate(nodes) if any(node is reader for reader in readers))
    del graph.node[:]
    graph.node.extend([*nodes[:place], *added, *nodes[place:]])
