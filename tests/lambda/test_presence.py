from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from camera_registry.profiles import Profile
from inference_api import presence, resources
from inference_api.identity.caller import ANYONE, STRANGER, Caller

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
CAMERA = Caller(camera_id="gate", scopes=frozenset({"frames", "read"}), profile=Profile(), is_known=True)


@pytest.fixture
def registry(states: Any) -> Iterator[Any]:
    for cached in (resources.settings, resources.signs):
        cached.cache_clear()
    yield states
    for cached in (resources.settings, resources.signs):
        cached.cache_clear()


def _seen(caller: Caller, device_time: datetime | None = None) -> None:
    presence.seen(caller, frames=1, received=NOON, device_time=device_time)
    presence.settle()


def test_a_known_camera_is_seen(registry: Any) -> None:
    _seen(CAMERA, datetime(2026, 11, 30, 12, 3, tzinfo=UTC))
    assert registry.scan()["Items"] == [
        {
            "id": "camera#gate",
            "last_seen": int(NOON.timestamp()),
            "day": "2026-11-30",
            "frames": 1,
            "silent_after_s": 900,
            "skew_s": 180,
        }
    ]


@pytest.mark.parametrize(
    "caller", [ANYONE, STRANGER, replace(CAMERA, is_known=False), replace(CAMERA, scopes=frozenset({"read"}))]
)
def test_no_one_else_is(registry: Any, caller: Caller) -> None:
    _seen(caller)
    assert registry.scan()["Items"] == []


def test_a_service_without_a_registry_sees_none(
    function_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for cached in (resources.settings, resources.signs):
        cached.cache_clear()
    _seen(CAMERA)
    assert capsys.readouterr().out == ""


def test_no_failure_of_the_table_fails_a_request_and_each_is_counted(
    registry: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.delete()
    _seen(CAMERA)
    line = json.loads(capsys.readouterr().out)
    assert (line["StateFailures"], line["service"]) == (1, "inference")
    assert "ResourceNotFoundException" in line["error"]
    _seen(CAMERA)  # the next attempt comes in a minute
    assert capsys.readouterr().out == ""


def test_a_time_that_cannot_be_compared_fails_no_request(registry: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _seen(CAMERA, datetime(2026, 11, 30, 12, 3))
    assert json.loads(capsys.readouterr().out)["StateFailures"] == 1
