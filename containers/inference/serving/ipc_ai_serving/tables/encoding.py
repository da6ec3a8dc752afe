"""Outputs of a graph as JSON, CSV or NPY."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import numpy as np
import numpy.typing as npt


class Outputs(dict[str, Any]):
    """Outputs by their names in the graph.

    Each is an array with a row a row sent; a list of maps, one a row, such as ``ZipMap`` makes; or a list of arrays,
    such as a model of several targets has.
    """


def plain(outputs: Outputs) -> dict[str, Any]:
    """Convert outputs to lists; an array (rows, 1) has one value a row."""
    return {name: _one_a_row(value) for name, value in outputs.items()}


def csv_of(outputs: Outputs) -> bytes:
    """Write a line a row without names: the columns of all outputs in their order, of maps in that of the first."""
    columns = [column for value in outputs.values() for column in _columns(value)]
    with io.StringIO(newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(zip(*columns, strict=True))
        return file.getvalue().encode()


def npy_of(outputs: Outputs) -> bytes:
    """Write all outputs beside each other where they have one type, and the first one elsewhere."""
    arrays = [_table(value) for value in outputs.values()]
    is_alike = len({array.dtype for array in arrays}) == 1
    with io.BytesIO() as file:
        np.save(file, np.hstack(arrays) if len(arrays) > 1 and is_alike else _narrow(arrays[0]), allow_pickle=False)
        return file.getvalue()


def _one_a_row(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return [_one_a_row(each) for each in value] if isinstance(value, list) else value
    return (value[:, 0] if value.ndim == 2 and value.shape[1] == 1 else value).tolist()


def _columns(value: Any) -> list[list[Any]]:
    """Columns of an output."""
    table = _table(value)
    return [table[:, number].tolist() for number in range(table.shape[1])]


def _table(value: Any) -> npt.NDArray[Any]:
    """Make (rows, columns) of an output, without objects."""
    if isinstance(value, np.ndarray):
        array = value.reshape(len(value), -1) if value.ndim else value.reshape(1, 1)
        return array.astype(str) if array.dtype.kind == "O" else array
    if value and isinstance(value[0], np.ndarray):
        return np.hstack([_table(each) for each in value])
    names = list(value[0]) if value else []
    return np.array([[row.get(name, math.nan) for name in names] for row in value], np.float32)


def _narrow(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return table[:, 0] if table.shape[1] == 1 else table
