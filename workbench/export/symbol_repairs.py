"""Repairs of MXNet symbols, each of a fault of MXNet 1.9.1 or of its exporter to ONNX.

A symbol is JSON: ``nodes`` in an order in which inputs come first, each with ``op``, ``name``, ``attrs`` and
``inputs`` as [node, output, version]; ``heads`` are the outputs, ``arg_nodes`` the nodes without an operator.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Node = dict[str, Any]


def repaired_roi_align(symbol: str) -> str:
    """Zero ROIAlign's output for regions that belong to no frame.

    On the CPU ``_contrib_ROIAlign`` leaves the output of a region with batch index -1 unwritten and spoils that of the
    first region. GluonCV's Faster R-CNN marks regions of other pyramid levels with -1, so its results are silently
    wrong. ``where`` puts zeros there. A symbol without the operator, or repaired before, is returned unchanged.
    """
    document = json.loads(symbol)
    suffix = "_written"
    if any(node["name"].endswith(f"_roialign{suffix}") for node in document["nodes"]):
        return symbol
    if not any(node["op"] == "_contrib_ROIAlign" for node in document["nodes"]):
        return symbol
    nodes: list[Node] = []
    moved: list[int] = []  # old index of a node to the new index of its replacement
    for node in document["nodes"]:
        nodes.append({**node, "inputs": _moved(node["inputs"], moved)})
        if node["op"] == "_contrib_ROIAlign":
            aligned, regions = len(nodes) - 1, nodes[-1]["inputs"][1]
            name = f"{node['name']}_roialign"
            first = len(nodes)
            nodes += [
                _node("slice_axis", f"{name}_frame", [regions], axis="1", begin="0", end="1"),
                _node("Reshape", f"{name}_frames", [[first, 0, 0]], shape="(-1,)"),
                _node("_greater_scalar", f"{name}_belongs", [[first + 1, 0, 0]], scalar="-0.5"),
                _node("zeros_like", f"{name}_zeros", [[aligned, 0, 0]]),
                _node("where", f"{name}{suffix}", [[first + 2, 0, 0], [aligned, 0, 0], [first + 3, 0, 0]]),
            ]
        moved.append(len(nodes) - 1)
    document["nodes"] = nodes
    document["heads"] = _moved(document["heads"], moved)
    document["arg_nodes"] = [index for index, node in enumerate(nodes) if node["op"] == "null"]
    document["node_row_ptr"] = list(range(len(nodes) + 1))
    return json.dumps(document)


def exportable(symbol: str) -> str:
    """Make explicit the defaults that the exporter to ONNX assumes wrongly.

    - ``FullyConnected`` without ``flatten`` is read as not flattening, though MXNet flattens by default.
    - ``SoftmaxActivation`` has no translation; in its mode ``channel`` it is a softmax over axis 1.
    """
    document = json.loads(symbol)
    for node in document["nodes"]:
        repair = _EXPORTABLE.get(node["op"])
        if repair:
            repair(node)
    return json.dumps(document)


def ignored_gammas(symbol: str) -> set[str]:
    """Names of the gammas of ``BatchNorm`` with ``fix_gamma``, its default.

    MXNet computes with 1 in place of their values; the exporter uses the values.
    """
    document = json.loads(symbol)
    nodes = document["nodes"]
    return {
        nodes[node["inputs"][1][0]]["name"]
        for node in nodes
        if node["op"] == "BatchNorm" and _attributes(node).get("fix_gamma", "True") in ("True", "1")
    }


def _flattens(node: Node) -> None:
    node.setdefault("attrs", {}).setdefault("flatten", "True")


def _softmax(node: Node) -> None:
    axis = "1" if _attributes(node).get("mode") == "channel" else "-1"
    node["op"], node["attrs"] = "softmax", {"axis": axis}


_EXPORTABLE: Mapping[str, Callable[[Node], None]] = {"FullyConnected": _flattens, "SoftmaxActivation": _softmax}


def _attributes(node: Node) -> dict[str, str]:
    attributes: dict[str, str] = node.get("attrs", {})
    return attributes


def _node(operator: str, name: str, inputs: list[list[int]], **attributes: str) -> Node:
    return {"op": operator, "name": name, "attrs": attributes, "inputs": inputs}


def _moved(inputs: list[list[int]], moved: list[int]) -> list[list[int]]:
    return [[moved[index], *rest] for index, *rest in inputs]
