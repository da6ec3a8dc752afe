"""Predictions as JSON that every reader of JSON takes."""

from __future__ import annotations

import datetime
import decimal
import json
import math
from typing import Any

import numpy as np
import pytest

from ipc_ai_serving.hooks.json_answers import to_json


def _refuse(word: str) -> None:
    pytest.fail(f"{word} is no JSON")


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        ([1.5, math.nan, -math.inf], [1.5, None, None]),
        (np.array([[1.0, np.nan], [np.inf, 2.0]], np.float32), [[1, None], [None, 2]]),
        (np.float32("nan"), None),
        (np.float64("inf"), None),
        (np.float16(0.5), 0.5),
        ({"rows": (math.nan, [{"deep": np.array([np.nan])}])}, {"rows": [None, [{"deep": [None]}]]}),
        ({np.int64(3): True, np.str_("a"): None, 2: 1}, {"3": True, "a": None, "2": 1}),
        ({math.nan: 1}, {"nan": 1}),
        ({np.float32("inf"): 1}, {"inf": 1}),
        ({7}, [7]),
        (frozenset({math.nan}), [None]),
        (decimal.Decimal("0.25"), 0.25),
        ([decimal.Decimal("NaN")], [None]),
        (datetime.datetime(2026, 11, 29, 12, 30), "2026-11-29T12:30:00"),
        (datetime.date(2026, 11, 29), "2026-11-29"),
        (np.bool_(True), True),
        (10**400, 10**400),
        ("门 \ud800", "门 \ud800"),
    ],
)
def test_what_becomes_of_a_prediction(prediction: Any, expected: Any) -> None:
    assert json.loads(to_json(prediction), parse_constant=_refuse) == expected


@pytest.mark.parametrize("prediction", [object(), 1j, {(1, 2): 3}, {"a": object()}, [math.nan, object()], b"x"])
def test_what_does_not_fit_into_json(prediction: Any) -> None:
    with pytest.raises(TypeError, match="does not fit into JSON"):
        to_json(prediction)


def test_a_complex_number_of_numpy_is_refused() -> None:
    with pytest.raises(TypeError, match="does not fit into JSON"):
        to_json(np.clongdouble(1))
