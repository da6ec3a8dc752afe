"""Predictions as JSON. Numbers that JSON has no word for become null."""

from __future__ import annotations

import datetime
import decimal
import json
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any


def to_json(prediction: Any) -> bytes:
    """Encode nested lists, sets, tensors, arrays, decimals and dates as JSON; NaN and infinity become null.

    Raises:
        TypeError: a value of another type.
    """
    try:
        text = json.dumps(prediction, default=plain, allow_nan=False)
    except (ValueError, TypeError):  # a number that is not finite, or a key that is no text
        text = json.dumps(_finite(prediction), allow_nan=False)
    return text.encode()


def plain(value: Any) -> Any:
    """Convert a tensor of PyTorch, an NDArray of MXNet or an array to lists and numbers, and what else is like them.

    Raises:
        TypeError: it is like none of them.
    """
    if hasattr(value, "asnumpy"):  # first, because an NDArray has a detach() too
        return value.asnumpy().tolist()
    if hasattr(value, "detach"):
        return value.detach().cpu().tolist()
    if hasattr(value, "tolist"):
        listed = value.tolist()
        if type(listed) is not type(value):
            return listed
        if isinstance(value, numbers.Real):  # NumPy's long double is its own list
            return float(value)
    for kind, convert in _CONVERSIONS.items():
        if isinstance(value, kind):
            return convert(value)
    raise TypeError(f"{type(value).__name__} does not fit into JSON; let output_fn make a body of it")


_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    set: list,
    frozenset: list,
    decimal.Decimal: float,
    datetime.date: lambda value: value.isoformat(),
    datetime.time: lambda value: value.isoformat(),
}


def _finite(value: Any) -> Any:
    """Copy a value with null in place of each number that is not finite, and with keys of text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {_key(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return _finite(plain(value))


def _key(key: Any) -> Any:
    """Convert a key: a number of NumPy, for example, which json refuses."""
    if key is None or isinstance(key, str | int | float):
        return key if not isinstance(key, float) or math.isfinite(key) else str(key)
    key = plain(key)
    if isinstance(key, list):
        raise TypeError(f"{key} is no key of a JSON object; let output_fn make a body of it")
    return _key(key)
