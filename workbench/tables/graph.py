"""Recognition of a model of tables by its ONNX graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.recognition import graph_facts
from workbench.recognition.graph_facts import GraphFacts, Tensor
from workbench.tables.sample import Cell, known_values

_ML = "ai.onnx.ml:"
_EXPORTERS = ("skl2onnx", "OnnxMLTools")
_INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_TYPES = frozenset({"float", "double", "float16", "string", "bool", *_INTEGERS})
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
        """Content of a row, in words."""
        shown = [f"{each.name} ({_described(each)})" for each in self.inputs[:_MOST_SHOWN]]
        more = len(self.inputs) - len(shown)
        return f"{', '.join(shown)}{f' and {more} more' if more else ''}"


def read(path: Path) -> TableGraph | None:
    """Read a graph; None for one that is no model of tables, images for example.

    Raises:
        RecognitionError: the file is no ONNX graph.
    """
    facts = graph_facts.read(path)
    inputs = [_input(each) for each in facts.inputs]
    found = tuple(each for each in inputs if each is not None)
    if len(found) < len(inputs):
        return None
    return TableGraph(found, tuple(each.name for each in facts.outputs), _because(facts), _row(path, found))


def _input(declared: Tensor) -> Input | None:
    """Read an input; None for one of images, of a single number, of sequences or maps."""
    sides = declared.shape
    if declared.type not in _TYPES or (sides is not None and len(sides) not in (1, 2)):
        return None
    width = sides[1] if sides is not None and len(sides) == 2 else None
    return Input(
        declared.name, declared.type, 1 if sides and len(sides) == 1 else width if isinstance(width, int) else None
    )


def _because(facts: GraphFacts) -> str:
    shapes = "all inputs have one or two dimensions"
    operators = sorted(each.removeprefix(_ML) for each in facts.operators if each.startswith(_ML))
    if facts.producer.startswith(_EXPORTERS):
        return f"its exporter {facts.producer}; {shapes}"
    return f"its operators {', '.join(operators[:3])} of {_ML[:-1]}; {shapes}" if operators else shapes


def _row(path: Path, inputs: Sequence[Input]) -> dict[str, Any] | list[Any]:
    """Make a row of values that the graph knows, where it lists those of a column."""
    known = known_values(path, {each.name: each.width or 1 for each in inputs})
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
