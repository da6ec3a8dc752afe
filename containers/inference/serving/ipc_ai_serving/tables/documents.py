"""Documents of requests as rows in the order of the graph's columns, or as columns by their names.

=============================================================  ====================================
document                                                       rows
=============================================================  ====================================
``[[1, 2], [3, 4]]``                                           two
``[1, 2]``                                                     one; where the model takes one column, two
``{"age": 41, "city": "Oslo"}``                                one
``[{"age": 41, "city": "Oslo"}, ...]``                         several
``{"age": [41, 30], "city": ["Oslo", "Rome"]}``                several; ``{"0": 41, "1": 30}`` counts as such a list
``{"instances": ROWS}``, ``data``, ``inputs``, ``rows``        those within
``{"columns": ["age", "city"], "data": [[41, "Oslo"], ...]}``  several, as pandas writes them
=============================================================  ====================================

The form with ``instances`` is SageMaker's, with ``features`` in each row:
https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-inference.html
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipc_ai_serving.errors import ClientError
from ipc_ai_serving.tables.columns import Columns, Input

_AROUND = ("instances", "data", "inputs", "rows", "dataframe_records", "dataframe_split")
_WITHIN = ("features", "values", "data")


@dataclass(frozen=True)
class ByPlace:
    """Rows of cells in the order of the graph's columns."""

    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class ByName:
    """Cells of each input by its name in the graph: a cell a row, or a list of them."""

    cells: Mapping[str, Sequence[Any]]


def read(document: Any, columns: Columns) -> ByPlace | ByName:
    """Read a document of JSON.

    Raises:
        ClientError: it has no rows, rows of different kinds, or other columns than the graph.
    """
    if isinstance(document, Mapping):
        return _of_object(document, columns)
    if not isinstance(document, list):
        document = [document]
    if not document:
        raise ClientError("there is no row; send at least one")
    kinds = {_kind(each) for each in document}
    if len(kinds) > 1:
        odd = next(number for number, each in enumerate(document) if _kind(each) != _kind(document[0]))
        raise ClientError(
            f"row 0 is {_kind(document[0])}, and row {odd} is {_kind(document[odd])}; send rows of one kind"
        )
    (kind,) = kinds
    if kind == "an object":
        return _of_objects(document, columns)
    if kind == "a value":
        is_column = columns.count(len(document)) == 1
        return ByPlace([[cell] for cell in document] if is_column else [document])
    return ByPlace(document)


def named(names: Sequence[str], rows: Sequence[Sequence[Any]], columns: Columns, *, where: str) -> ByName:
    """Order the columns of rows by their names.

    Raises:
        ClientError: a row has another length, a column is missing, or the graph has none of that name.
    """
    columns.check(names, where=where)
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise ClientError(f"row {number} has {len(row)} cells, and there are {len(names)} names of columns")
    return ByName(
        {str(columns.input_named(name)): cells for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
    )


def _of_object(document: Mapping[str, Any], columns: Columns) -> ByPlace | ByName:
    around = [key for key in _AROUND if key in document]
    if around and not any(columns.input_named(name) for name in document):
        within = document[around[0]]
        if around[0] == "dataframe_split" and isinstance(within, Mapping):
            return _of_object(within, columns)
        names = document.get("columns")
        if names is None or not columns.are_named:
            return read(within, columns)
        if not isinstance(within, list) or not all(isinstance(row, list) for row in within) or not within:
            raise ClientError(f"'{around[0]}' beside 'columns' must be a list of rows, each a list")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ClientError("'columns' must be a list of names")
        return named(names, within, columns, where="'columns'")
    columns.check(list(document), where="the object")
    by_input = {
        # pandas writes each column as an object of rows by their index.
        str(columns.input_named(name)): list(value.values()) if isinstance(value, Mapping) else value
        for name, value in document.items()
    }
    # A list in place of a cell, or in place of the cells of a row, holds rows.
    holds_rows = {each.name: _holds_rows(by_input[each.name], each) for each in columns.inputs}
    if len(set(holds_rows.values())) > 1:
        one, several = (next(name for name, holds in holds_rows.items() if holds is wanted) for wanted in (False, True))
        raise ClientError(f"'{one}' has a value for one row, and '{several}' a list for several; send lists for all")
    if not all(holds_rows.values()):
        by_input = {name: [value] for name, value in by_input.items()}
    lengths = {name: len(cells) for name, cells in by_input.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"'{name}' {length}" for name, length in lengths.items())
        raise ClientError(f"the columns have different numbers of rows: {told}")
    if not all(lengths.values()):
        raise ClientError("there is no row; send at least one")
    return ByName(by_input)


def _of_objects(rows: Sequence[Mapping[str, Any]], columns: Columns) -> ByPlace | ByName:
    names = list(rows[0])
    within = next((key for key in _WITHIN if names == [key]), None)
    if within is not None and columns.input_named(within) is None:
        if not all(within in row for row in rows):
            raise ClientError(f"row 0 has '{within}', and another has not; send rows of one kind")
        return read([row[within] for row in rows], columns)
    known = rows[0].keys()
    for number, row in enumerate(rows):
        if number == 0 or row.keys() != known:
            columns.check(list(row), where=f"row {number}")
    if any(row.keys() != known for row in rows):  # the same columns under names of two spellings
        rows = [{str(columns.input_named(name)): cell for name, cell in row.items()} for row in rows]
        names = list(rows[0])
    cells = {str(columns.input_named(name)): list(map(operator.itemgetter(name), rows)) for name in names}
    return ByName(cells)


def _kind(row: Any) -> str:
    if isinstance(row, Mapping):
        return "an object"
    return "a list" if isinstance(row, list | tuple) else "a value"


def _holds_rows(value: Any, taken_by: Input) -> bool:
    cell = value if taken_by.width == 1 else (value[0] if isinstance(value, list) and value else value)
    return isinstance(cell, list | tuple)
