"""The sign of life of a request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from inference_api import presence
from inference_api.identity.caller import ANYONE, Caller
from inference_api.sign_of_life import sign_of_life

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)
CAMERA = Caller(camera_id="gate-1", is_known=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    told: list[Any] = []
    monkeypatch.setattr(presence, "seen", lambda caller, **sign: told.append((caller.camera_id, sign["frames"])))
    monkeypatch.setattr(presence, "settle", lambda: told.append("settled"))
    return told


def test_frames_are_noted_once_before_the_model_sees_them(told: list[Any]) -> None:
    with sign_of_life(CAMERA, NOON) as sign:
        sign.let_in(2)
        assert told == [("gate-1", 2)]
    assert told == [("gate-1", 2), "settled"]


def test_a_request_that_fails_is_one_too(told: list[Any]) -> None:
    with pytest.raises(ValueError, match="no frame"), sign_of_life(CAMERA, NOON):
        raise ValueError("no frame")
    assert told == [("gate-1", 0), "settled"]


def test_of_anyone_there_is_none(told: list[Any]) -> None:
    with sign_of_life(ANYONE, NOON) as sign:
        assert sign.let_in(1).is_looked_at
    assert told == []
