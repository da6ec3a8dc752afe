"""Recognition of a model of tables by its ONNX graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import PackageError
from workbench.tables.sample import Cell, known_values

_ML = "ai.onnx.ml"
_EXPORTERS = ("skl2onnx", "OnnxMLTools")
_TYPES = {
    "FLOAT": "float",
    "DOUBLE": "float64",
    "FLOAT16": "float16",
    "STRING": "string",
    "BOOL": "bool",
    **{f"{sign}INT{bits}": f"{sign}int{bits}".lower() for sign in ("", "U") for bits in (8, 16, 32, 64)},
}
_EMPTY: dict[str, Cell] = {"string": "a", "bool": False}
_MOST_SHOWN = 12


@dataclass(frozen=True)
class Input:
    """An input of a graph: its name, type, and columns of a row that it takes, None for any number."""

    name: str
    type: str
    width: int | None


@dataclass(frozen=True)
class TableGraph:
    """A model of tables.

    Attributes:
        inputs: what it takes.
        outputs: names of its outputs.
        because: how it was told.
        row: a row of the right types, by the names of inputs where each takes one column, else by place.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    because: str
    row: dict[str, Any] | list[Any]

    @property
    def columns(self) -> str:
        """What a row has, in words."""
        shown = [f"{each.name} ({_described(each)})" for each in self.inputs[:_MOST_SHOWN]]
        more = len(self.inputs) - len(shown)
        return f"{', '.join(shown)}{f' and {more} more' if more else ''}"


def read(path: Path) -> TableGraph | None:
    """Read a graph; None for one that is no model of tables, images for example.

    Raises:
        PackageError: the file is no ONNX graph.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except (DecodeError, OSError) as error:
        raise PackageError(
            f"{path} is no ONNX graph that can be read: it is cut off, or a file of another kind; export it again"
        ) from error
    weights = {each.name for each in model.graph.initializer}
    declared = [each for each in model.graph.input if each.name not in weights]
    inputs = [_input(each) for each in declared]
    if not inputs or not model.graph.output or any(each is None for each in inputs):
        return None
    found = tuple(each for each in inputs if each is not None)
    return TableGraph(found, tuple(each.name for each in model.graph.output), _because(model), _row(model, found))


def _input(declared: Any) -> Input | None:
    """Read an input; None for one of images, sequences or maps."""
    import onnx

    tensor = declared.type.tensor_type
    kind = _TYPES.get(onnx.TensorProto.DataType.Name(tensor.elem_type))
    sides = tensor.shape.dim
    if not declared.type.HasField("tensor_type") or kind is None or len(sides) > 2:
        return None
    if tensor.HasField("shape") and not sides:
        return None  # a single number
    width = 1 if len(sides) == 1 else (sides[1].dim_value or None if sides else None)
    return Input(declared.name, kind, width)


def _because(model: Any) -> str:
    shapes = "all inputs have one or two dimensions"
    operators = sorted({node.op_type for node in model.graph.node if node.domain == _ML})
    if model.producer_name in _EXPORTERS:
        return f"its exporter {model.producer_name} {model.producer_version}".strip() + f"; {shapes}"
    if operators:
        return f"its operators {', '.join(operators[:3])} of {_ML}; {shapes}"
    return shapes


def _row(model: Any, inputs: Sequence[Input]) -> dict[str, Any] | list[Any]:
    """Make a row of values that the graph knows, where it lists those of a column."""
    known = known_values(model, {each.name: each.width or 1 for each in inputs})
    cells = {
        each.name: [known.get((each.name, number), _EMPTY.get(each.type, 0)) for number in range(each.width or 1)]
        for each in inputs
    }
    if len(inputs) > 1 and all(each.width == 1 for each in inputs):
        return {name: value for name, (value,) in cells.items()}
    return [value for values in cells.values() for value in values]


def _described(each: Input) -> str:
    if each.width == 1:
        return each.type
    return f"{each.width or 'any number of'} columns of {each.type}"
