from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from camera_registry.profiles import Profile
from inference_api import resources
from inference_api.errors import QuotaSpentError
from inference_api.identity.caller import ANYONE, Caller
from inference_api.profiles.admission import Admission, admit

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)  # a Monday, 20:00 in Shanghai


@pytest.fixture
def registry(states: Any) -> Iterator[None]:
    for cached in (resources.settings, resources.signs):
        cached.cache_clear()
    yield
    for cached in (resources.settings, resources.signs):
        cached.cache_clear()


def _caller(**profile: Any) -> Caller:
    return Caller(camera_id="gate", scopes=frozenset({"frames"}), profile=Profile(**profile), is_known=True)


def _admitted(received: datetime, frames: int = 1, **profile: Any) -> Admission:
    return admit(_caller(**profile), frames=frames, received=received)


def test_a_profile_that_says_nothing_lets_all_in() -> None:
    assert admit(ANYONE, frames=100, received=NOON) == Admission(True, None, None)


def test_the_pace_is_told() -> None:
    assert _admitted(NOON, frame_interval_ms=2000) == Admission(next_frame_after_ms=2000)
    assert _admitted(NOON, frame_interval_ms=0) == Admission()


@pytest.mark.parametrize(
    ("now", "admission"),
    [
        (datetime(2026, 11, 30, 10, 59, tzinfo=UTC), Admission(next_frame_after_ms=500)),  # 18:59
        (datetime(2026, 11, 30, 11, 0, tzinfo=UTC), Admission(False, "hours", 12 * 3_600_000)),  # until 07:00
        (datetime(2026, 11, 30, 22, 59, 59, 500_500, tzinfo=UTC), Admission(False, "hours", 500)),  # rounded up
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), Admission(next_frame_after_ms=500)),
    ],
)
def test_frames_outside_the_hours_are_not_looked_at(now: datetime, admission: Admission) -> None:
    hours: dict[str, Any] = {"hours": ("daily 07:00-19:00",), "zone": "Asia/Shanghai"}
    assert _admitted(now, frame_interval_ms=500, **hours) == admission


def test_the_opening_is_told_across_a_change_of_time() -> None:
    evening = datetime(2026, 3, 28, 19, 0, tzinfo=UTC)  # 20:00 in Berlin, the night before the clock is set
    admission = _admitted(evening, hours=("daily 07:00-19:00",), zone="Europe/Berlin")
    assert admission.next_frame_after_ms == 10 * 3_600_000


@pytest.mark.usefixtures("registry")
def test_the_quota_ends_at_midnight_of_the_zone() -> None:
    shanghai: dict[str, Any] = {"frames_a_day": 2, "zone": "Asia/Shanghai"}
    assert [_admitted(NOON, **shanghai).is_looked_at for _ in range(2)] == [True, True]
    with pytest.raises(QuotaSpentError, match="may send 2 frames a day, and 2026-11-30 in Asia/Shanghai") as told:
        _admitted(NOON + timedelta(milliseconds=1), **shanghai)
    assert (told.value.status, told.value.code, told.value.retry_after_seconds) == (429, "QuotaSpent", 4 * 3600)
    assert _admitted(NOON + timedelta(hours=4), **shanghai).is_looked_at


@pytest.mark.usefixtures("registry")
def test_the_day_of_a_change_of_time_has_25_hours() -> None:
    begin = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)  # midnight in Berlin
    berlin: dict[str, Any] = {"frames_a_day": 1, "zone": "Europe/Berlin"}
    _admitted(begin, **berlin)
    with pytest.raises(QuotaSpentError) as told:
        _admitted(begin, **berlin)
    assert told.value.retry_after_seconds == 25 * 3600


@pytest.mark.usefixtures("registry")
def test_each_frame_of_a_request_counts_and_none_is_let_in_without_the_others() -> None:
    _admitted(NOON, 3, frames_a_day=4)
    with pytest.raises(QuotaSpentError, match="send again tomorrow"):
        _admitted(NOON, 2, frames_a_day=4)
    assert _admitted(NOON, 1, frames_a_day=4).is_looked_at
    with pytest.raises(QuotaSpentError, match="this one has 5; send fewer at once"):
        _admitted(NOON, 5, frames_a_day=4)


@pytest.mark.usefixtures("registry")
def test_frames_outside_the_hours_and_heartbeats_spend_nothing(states: Any) -> None:
    _admitted(NOON, frames_a_day=1, hours=("daily 00:00-01:00",))
    _admitted(NOON, 0, frames_a_day=1)
    assert states.scan()["Items"] == []
