"""Values that a graph knows for its columns: an encoder without a word for others refuses any other value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

Cell: TypeAlias = str | int | float | bool
Column: TypeAlias = tuple[str, int]
"""Name of an input, and number of its column."""

_ENCODERS = {
    "OneHotEncoder": ("cats_strings", "cats_int64s"),
    "LabelEncoder": ("keys_strings", "keys_int64s", "keys_floats", "keys_tensor"),
    "CategoryMapper": ("cats_strings", "cats_int64s"),
}
_PASS = frozenset({"Identity", "Cast", "Reshape", "Flatten", "Imputer", "StringNormalizer", "Squeeze", "Unsqueeze"})


def known_values(graph: Path, widths: Mapping[str, int]) -> dict[Column, Cell]:
    """Find the first value that the first encoder of each column lists.

    Args:
        graph: its file.
        widths: columns of each input.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(graph), load_external_data=False)
    columns: dict[str, list[Column]] = {
        name: [(name, number) for number in range(width)] for name, width in widths.items()
    }
    constants = {each.name: each for each in model.graph.initializer if not each.external_data}
    found: dict[Column, Cell] = {}
    for node in model.graph.node:
        sources = [columns.get(name) for name in node.input]
        if not sources or sources[0] is None:
            continue
        first = sources[0]
        if node.op_type in _ENCODERS:
            value = _first_value(node)
            found |= {column: value for column in first if value is not None and column not in found}
        elif node.op_type in _PASS:
            columns[node.output[0]] = first
        elif node.op_type == "Concat" and None not in sources:
            columns[node.output[0]] = [column for source in sources for column in source or []]
        elif node.op_type in ("Gather", "ArrayFeatureExtractor") and node.input[1] in constants:
            chosen = numpy_helper.to_array(constants[node.input[1]]).ravel().tolist()
            columns[node.output[0]] = [first[number] for number in chosen if -len(first) <= number < len(first)]
    return found


def _first_value(node: Any) -> Cell | None:
    from onnx import helper, numpy_helper

    for attribute in node.attribute:
        if attribute.name in _ENCODERS[node.op_type]:
            values = helper.get_attribute_value(attribute)
            listed = numpy_helper.to_array(values).tolist() if attribute.name == "keys_tensor" else list(values)
            if listed:
                return listed[0].decode() if isinstance(listed[0], bytes) else listed[0]
    return None
