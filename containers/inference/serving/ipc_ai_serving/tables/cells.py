"""Cells of rows, as JSON and CSV have them, to an array of the type that an input of the graph takes.

Cells of one type are converted at once. Only where that fails is each looked at, to name the wrong one. An empty cell
and null are missing: not-a-number among fractions, an empty word among words, and refused elsewhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.errors import ClientError

_NUMBERS = frozenset({int, float, bool})
_FITTING: Mapping[str, Set[type]] = {
    "f": {*_NUMBERS, type(None)},
    "i": {int, bool},
    "u": {int, bool},
    "b": {bool},
    "O": {str},
}
"""Types in JSON that need no look, by the kind of the wanted type."""

_WIDEST = {"f": np.float64, "i": np.int64, "u": np.int64}
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_MOST_SHOWN = 40


def array_of(
    rows: Sequence[Sequence[Any]], dtype: np.dtype[Any], *, is_text: bool, named: Callable[[int, int], str]
) -> npt.NDArray[Any]:
    """Convert rows of one length.

    Args:
        rows: cells; strings alone where ``is_text``.
        dtype: wanted type.
        is_text: whether numbers are written as text, as in CSV.
        named: function from the numbers of a row and of a column to the name of the cell.

    Returns:
        (rows, columns) of the type.

    Raises:
        ClientError: a cell does not fit; the message names it.
    """
    shape = len(rows), len(rows[0])
    cells = list(itertools.chain.from_iterable(rows))
    at_once = _text_at_once if is_text else _values_at_once
    converted = at_once(cells, dtype)
    if converted is None:
        converted = _one_by_one(cells, dtype, is_text, lambda place: named(*divmod(place, shape[1])))
    return converted.reshape(shape)


def array_from(sent: npt.NDArray[Any], dtype: np.dtype[Any], *, named: Callable[[int, int], str]) -> npt.NDArray[Any]:
    """Convert an array (rows, columns) of NPY.

    Raises:
        ClientError: a cell does not fit; the message names it.
    """
    if sent.dtype.kind in "biuf" and dtype.kind == "f":
        with np.errstate(over="ignore"):  # a number beyond the type becomes infinite
            return sent.astype(dtype)
    return array_of(sent.tolist(), dtype, is_text=False, named=named)


def _values_at_once(cells: list[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    """Convert values of JSON; None where one of them needs a look."""
    fits = set(map(type, cells)) <= _FITTING[dtype.kind]
    return _at_once(cells, dtype) if fits else None


def _text_at_once(cells: list[str], dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    """Convert cells of CSV; None where one of them needs a look."""
    if dtype.kind == "b":
        return None
    return _at_once([cell or "nan" for cell in cells] if dtype.kind == "f" and "" in cells else cells, dtype)


def _at_once(cells: list[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    if dtype.kind == "O":
        return _objects(cells)
    try:
        wide = np.array(cells, _WIDEST.get(dtype.kind, dtype))
    except (ValueError, TypeError, OverflowError):
        return None
    if dtype.kind in "iu" and not (np.iinfo(dtype).min <= wide.min() and wide.max() <= np.iinfo(dtype).max):
        return None  # it would wrap around
    with np.errstate(over="ignore"):  # a fraction beyond the type becomes infinite
        return wide.astype(dtype)


def _one_by_one(cells: list[Any], dtype: np.dtype[Any], is_text: bool, named: Callable[[int], str]) -> npt.NDArray[Any]:
    convert = _CONVERSIONS[dtype.kind]
    converted = []
    for place, cell in enumerate(cells):
        try:
            converted.append(convert(cell, dtype, is_text))
        except ValueError as error:
            raise ClientError(f"{named(place)}: {error}") from error
    return _objects(converted) if dtype.kind == "O" else np.array(converted, dtype)


def _objects(cells: list[Any]) -> npt.NDArray[Any]:
    array = np.empty(len(cells), object)
    array[:] = cells
    return array


def _fraction(cell: Any, _dtype: np.dtype[Any], is_text: bool) -> float:
    if _is_missing(cell, is_text):
        return math.nan
    if type(cell) in _NUMBERS or is_text:
        try:
            # pandas writes True and False into CSV, which are numbers in JSON, too.
            return float(_BOOLEANS.get(cell.strip().lower(), cell) if is_text else cell)
        except OverflowError as error:
            raise ValueError(f"{_shown(cell)} is too large for a number") from error
        except ValueError:
            pass
    raise ValueError(f"{_shown(cell)} is no number, and a number is expected")


def _whole(cell: Any, dtype: np.dtype[Any], is_text: bool) -> int:
    if _is_missing(cell, is_text):
        raise ValueError("there is no value, and this column of whole numbers cannot be without")
    try:
        whole = int(cell) if is_text or isinstance(cell, int) else None
    except ValueError:
        whole = None
    if whole is None:
        fraction = _fraction(cell, dtype, is_text)
        if not fraction.is_integer():
            raise ValueError(f"{_shown(cell)} is no whole number, and a whole number is expected")
        whole = int(fraction)
    limits = np.iinfo(dtype)
    if not limits.min <= whole <= limits.max:
        raise ValueError(f"{_shown(cell)} is not from {limits.min} to {limits.max}")
    return whole


def _boolean(cell: Any, _dtype: np.dtype[Any], is_text: bool) -> bool:
    if _is_missing(cell, is_text):
        raise ValueError("there is no value, and this column of true and false cannot be without")
    if is_text and cell.strip().lower() in _BOOLEANS:
        return _BOOLEANS[cell.strip().lower()]
    if type(cell) in _NUMBERS and cell in (0, 1):
        return bool(cell)
    raise ValueError(f"{_shown(cell)} is neither true nor false")


def _word(cell: Any, _dtype: np.dtype[Any], _is_text: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str) or type(cell) is int:
        return str(cell)
    raise ValueError(f"{_shown(cell)} is no text, and text is expected; write it in quotes")


def _is_missing(cell: Any, is_text: bool) -> bool:
    return cell is None or (is_text and not cell.strip())


def _shown(cell: Any) -> str:
    text = repr(cell)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


_CONVERSIONS: dict[str, Callable[[Any, np.dtype[Any], bool], Any]] = {
    "f": _fraction,
    "i": _whole,
    "u": _whole,
    "b": _boolean,
    "O": _word,
}
