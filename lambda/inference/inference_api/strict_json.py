"""JSON as RFC 8259 has it: without NaN and Infinity, which Python's ``json`` reads and writes."""

from __future__ import annotations

import json
import math
from typing import Any


def parsed(text: str) -> Any:
    """Parse JSON, with None for NaN and Infinity.

    Raises:
        ValueError: the text is not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, parse_constant=_none)


def written(document: Any) -> str:
    """Write JSON, with null for numbers that are not finite: ``1e999``, which is JSON, is read as infinity.

    Raises:
        RecursionError: the document is nested too deeply.
    """
    try:
        return json.dumps(document, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(document), allow_nan=False)


def mended(text: str) -> str | None:
    """The same JSON with null for NaN and Infinity; None where there is none of them.

    Raises:
        ValueError: the text is not JSON.
        RecursionError: it is nested too deeply.
    """
    found: list[str] = []
    document = json.loads(text, parse_constant=found.append)  # append returns None
    return written(document) if found else None


def _none(_: str) -> None:
    return None


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
