"""Rows of a request to the arrays that a graph's inputs take."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.errors import ClientError
from ipc_ai_serving.tables import cells, csv_rows, documents
from ipc_ai_serving.tables.columns import Columns, Input
from ipc_ai_serving.tables.csv_rows import CsvRows
from ipc_ai_serving.tables.documents import ByName, ByPlace

Feeds: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""An array for each input, with a row a row sent."""


def feeds(rows: Any, columns: Columns) -> Feeds:
    """Convert rows.

    Args:
        rows: a document of JSON in one of the forms of ``documents``, ``CsvRows``, or an array (rows, columns).
        columns: those of the graph.

    Raises:
        ClientError: the rows are not the graph's.
    """
    if isinstance(rows, np.ndarray):
        return _of_array(rows, columns)
    is_text = isinstance(rows, CsvRows)
    try:
        found = csv_rows.read(rows, columns) if is_text else documents.read(rows, columns)
    except RecursionError as error:
        raise ClientError("the document has too many levels; send a list of rows") from error
    convert = functools.partial(cells.array_of, is_text=is_text)
    return _by_name(found, columns, convert) if isinstance(found, ByName) else _by_place(found, columns, convert)


def _by_place(found: ByPlace, columns: Columns, convert: Callable[..., npt.NDArray[Any]]) -> Feeds:
    count = columns.count(len(found.rows[0]))
    _check_counts(map(len, found.rows), count, columns)
    places = columns.places(count)
    parts: Sequence[Sequence[Sequence[Any]]] = [found.rows]
    if len(places) > 1:
        by_column = list(zip(*found.rows, strict=True))
        parts = [list(zip(*by_column[first:last], strict=True)) for first, last in places]
    return {
        each.name: each.shaped(convert(part, each.dtype, named=functools.partial(_cell, columns, first, count)))
        for each, part, (first, _) in zip(columns.inputs, parts, places, strict=True)
    }


def _by_name(found: ByName, columns: Columns, convert: Callable[..., npt.NDArray[Any]]) -> Feeds:
    arrays = {}
    for each in columns.inputs:
        rows = found.cells[each.name]
        if each.width == 1 and not isinstance(rows[0], list | tuple):
            rows = list(zip(rows, strict=True))
        _check_rows(rows, each)
        arrays[each.name] = each.shaped(convert(rows, each.dtype, named=functools.partial(_named_cell, each)))
    return arrays


def _of_array(rows: npt.NDArray[Any], columns: Columns) -> Feeds:
    if rows.dtype.names:
        return feeds({name: rows[name].ravel().tolist() for name in rows.dtype.names}, columns)
    if rows.ndim > 2:
        raise ClientError(f"the array has {rows.ndim} dimensions; send one of rows and columns")
    if not rows.size:
        raise ClientError("there is no row; send at least one")
    if rows.ndim < 2:
        rows = rows.reshape((-1, 1) if columns.count(rows.size) == 1 else (1, -1))
    count = columns.count(rows.shape[1])
    _check_counts([rows.shape[1]], count, columns)
    return {
        each.name: each.shaped(
            cells.array_from(rows[:, first:last], each.dtype, named=functools.partial(_cell, columns, first, count))
        )
        for each, (first, last) in zip(columns.inputs, columns.places(count), strict=True)
    }


def _check_counts(lengths: Iterable[int], count: int, columns: Columns) -> None:
    for number, length in enumerate(lengths):
        if length != count:
            raise ClientError(
                f"row {number}, counted from 0, has {length} column{'' if length == 1 else 's'}, and the model takes "
                f"{count}: {columns.listed()}"
            )


def _check_rows(rows: Sequence[Any], taken_by: Input) -> None:
    """Check that an input's part of each row is a list of its width."""
    for number, row in enumerate(rows):
        width = taken_by.width or len(rows[0]) or 1
        if not isinstance(row, list | tuple) or len(row) != width:
            sent = f"a list of {len(row)}" if isinstance(row, list | tuple) else "no list"
            raise ClientError(f"row {number} of '{taken_by.name}' is {sent}, and the model takes a list of {width}")


def _cell(columns: Columns, first: int, count: int, row: int, column: int) -> str:
    return f"row {row}, {columns.label(first + column, count)}, counted from 0"


def _named_cell(taken_by: Input, row: int, column: int) -> str:
    within = "" if taken_by.width == 1 else f"value {column} of "
    return f"row {row}, {within}column '{taken_by.name}', counted from 0"
