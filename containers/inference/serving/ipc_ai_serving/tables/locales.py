"""Graphs that lower the case of text by a locale of a desktop, which an image does not have."""

from __future__ import annotations

from pathlib import Path

_NODE, _ATTRIBUTE = "StringNormalizer", "locale"
_HERE = "C.UTF-8"
"""Locale of every image with glibc. Cases are changed in it as in ``en_US.UTF-8``."""


def with_locale_of_image(graph: Path) -> bytes | None:
    """Return the graph with the image's locale in its nodes that normalise text; None where it has no such node.

    A node without a locale takes en_US: https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
    """
    if _NODE.encode() not in graph.read_bytes():
        return None
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import helper

    try:
        model = onnx.load(str(graph))
    except DecodeError:
        return None  # ONNX Runtime says what is wrong with it
    nodes = [node for node in model.graph.node if node.op_type == _NODE]
    for node in nodes:
        kept = [attribute for attribute in node.attribute if attribute.name != _ATTRIBUTE]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(_ATTRIBUTE, _HERE)])
    return model.SerializeToString() if nodes else None
