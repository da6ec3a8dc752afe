"""Inputs of a graph, and the columns of a row that they take."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import nearest
from ipc_ai_serving.engines.onnxruntime.tensor_types import NUMBERS
from ipc_ai_serving.errors import ClientError, ModelLoadError

_TYPES: Mapping[str, Any] = {**NUMBERS, "tensor(string)": np.object_}
_MOST_SHOWN = 30
_LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Input:
    """An input of the graph.

    Attributes:
        name: its name in the graph.
        dtype: type of its numbers; that of objects for words.
        width: columns of a row that it takes; None where the graph takes any number.
        batch: rows that the graph takes at a time; None for any number.
        has_width: whether the tensor is (rows, width), and not (rows,).
    """

    name: str
    dtype: np.dtype[Any]
    width: int | None
    batch: int | None
    has_width: bool

    @classmethod
    def of(cls, declared: Any, *, graph: str) -> Input:
        """Read an input as ONNX Runtime's session declares it.

        Raises:
            ModelLoadError: it is no table's.
        """
        sides = [side if isinstance(side, int) else None for side in declared.shape]
        if declared.type not in _TYPES or len(sides) > 2:
            shape = "x".join("?" if side is None else str(side) for side in sides)
            raise ModelLoadError(
                f"the input '{declared.name}' of {graph} is {declared.type} of shape {shape or 'of none'}, and without "
                "a program a custom application serves tables: inputs of one or two dimensions; add code/inference.py, "
                "or deploy a model of images as one (docs/models.md)"
            )
        has_width = len(sides) != 1
        width = sides[1] if len(sides) == 2 else (None if has_width else 1)
        return cls(declared.name, np.dtype(_TYPES[declared.type]), width, sides[0] if sides else None, has_width)

    def shaped(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Give (rows, width) the shape that the graph takes."""
        return array if self.has_width else array.reshape(-1)


class Columns:
    """Columns of a row in the order of the graph's inputs."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self.inputs = inputs
        self._by_plain_name = {_plain(each.name): each.name for each in inputs}

    @property
    def names(self) -> list[str]:
        """Names of the inputs."""
        return [each.name for each in self.inputs]

    @property
    def are_named(self) -> bool:
        """Tell whether each column has a name: that of its own input."""
        return len(self.inputs) > 1 and all(each.width == 1 for each in self.inputs)

    def count(self, sent: int) -> int:
        """Number of columns; where one input takes any number, such a number that a row with ``sent`` fits."""
        known = sum(each.width or 0 for each in self.inputs)
        return known if all(each.width for each in self.inputs) else max(sent, known + 1)

    def places(self, count: int) -> list[tuple[int, int]]:
        """First column of each input in a row of ``count``, and the one behind its last.

        Raises:
            ClientError: several inputs take any number.
        """
        free = [each for each in self.inputs if each.width is None]
        if len(free) > 1:
            raise ClientError(f"send an object with the names {self.listed()}: nothing says where each begins in a row")
        left = count - sum(each.width or 0 for each in self.inputs)
        ends = list(itertools.accumulate((each.width or left for each in self.inputs), initial=0))
        return list(itertools.pairwise(ends))

    def input_named(self, name: str) -> str | None:
        """The input of a name that the client sent; exporters replace all but letters and digits in names by ``_``."""
        return name if name in self.names else self._by_plain_name.get(_plain(name))

    def check(self, names: Sequence[str], *, where: str) -> None:
        """Check that each input is named once.

        Raises:
            ClientError: an input is missing, or a name is none; the message names it and the nearest one.
        """
        found = [self.input_named(name) for name in names]
        for name, its in zip(names, found, strict=True):
            if its is None:
                near = nearest(name[:_LONGEST_SHOWN], self.names)
                raise ClientError(
                    f"{where} has a column '{_short(name)}', which the model has not{near}; it takes {self.listed()}"
                )
            if found.count(its) > 1:
                raise ClientError(f"{where} has the column '{its}' twice; send it once")
        missing = [each for each in self.names if each not in found]
        if missing:
            raise ClientError(
                f"{where} lacks the column{_plural(missing)} {_quoted(missing)}; the model takes {self.listed()}"
            )

    def label(self, number: int, count: int) -> str:
        """Say which column of a row of ``count`` it is, by its number from 0."""
        taken_by = next(each for each, (_, last) in zip(self.inputs, self.places(count), strict=True) if number < last)
        return f"column {number}" if taken_by.width != 1 else f"column '{taken_by.name}'"

    def listed(self) -> str:
        """Names of the inputs in a sentence, with the columns of those that take several."""
        shown = [f"'{each.name}'{_wide(each)}" for each in self.inputs[:_MOST_SHOWN]]
        more = len(self.inputs) - len(shown)
        return f"{', '.join(shown)}{f' and {more} more' if more else ''}"


def _wide(each: Input) -> str:
    if each.width == 1:
        return ""
    return f" ({each.width} columns)" if each.width else " (any number of columns)"


def _short(name: str) -> str:
    """Name that a client sent, of which a message and the log have no more than the beginning."""
    return name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."


def _plain(name: str) -> str:
    """Name as exporters write it. Source: ``Topology._generate_unique_name`` of skl2onnx."""
    plain = re.sub(r"[^\w+]", "_", name)
    return f"_{plain}" if re.match("[0-9]", plain) else plain


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _plural(names: Sequence[str]) -> str:
    return "s" if len(names) > 1 else ""
