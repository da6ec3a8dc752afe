"""Rows of CSV, with a first row of names or without."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ipc_ai_serving.errors import ClientError
from ipc_ai_serving.tables import documents
from ipc_ai_serving.tables.columns import Columns
from ipc_ai_serving.tables.documents import ByName, ByPlace

_BLANK = [""]
"""A line of spaces; where rows have one column, it is a missing value."""

_NAMES = "the first row, which has no value and so names columns,"


class CsvRows(list[list[str]]):
    """Rows of cells, each a text."""

    @classmethod
    def of(cls, text: str) -> CsvRows:
        """Split CSV into cells; lines without any, as many programs end a file with, are left out.

        Raises:
            ValueError: it breaks CSV's rules.
        """
        try:
            # A row whose cells are all empty stays, as its answer has to: it misses every value.
            return cls(row for row in csv.reader(io.StringIO(text, newline=""), skipinitialspace=True) if row)
        except csv.Error as error:
            raise ValueError(str(error)) from error


def read(rows: CsvRows, columns: Columns) -> ByPlace | ByName:
    """Order rows of CSV. A first row of names orders the columns where the graph knows names, and is passed over else.

    Raises:
        ClientError: there is no row, or the first one names other columns than the graph.
    """
    if columns.count(len(rows[0]) if rows else 0) != 1:
        rows = CsvRows(row for row in rows if row != _BLANK)
    if not rows or (len(rows) == 1 and _has_names(rows[0], columns)):
        raise ClientError("there is no row; send at least one")
    if not _has_names(rows[0], columns):
        return ByPlace(rows)
    names = [cell.strip() for cell in rows[0]]
    if not columns.are_named:
        return ByPlace(rows[1:])
    if "" in names:
        raise ClientError(f"{_NAMES} has one without a name; pandas writes none with to_csv(index=False)")
    return documents.named(names, rows[1:], columns, where=_NAMES)


def _has_names(row: Sequence[str], columns: Columns) -> bool:
    """Tell whether a row names columns: no cell is a value, and the graph takes values, or knows all the names."""
    known = [columns.input_named(cell.strip()) is not None for cell in row]
    if any(map(_is_value, row)):
        return False
    if all(each.dtype.kind == "O" for each in columns.inputs):
        return all(known)
    return any(known) or all(cell.strip() for cell in row)


def _is_value(cell: str) -> bool:
    if cell.strip().lower() in ("true", "false"):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True
