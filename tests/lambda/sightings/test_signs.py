from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError

from camera_registry.profiles import Profile
from camera_registry.states import State
from inference_api.sightings.signs import Signs
from inference_api.sightings.table import Change, StatesTable

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
QUOTA = Profile(frames_a_day=2, zone="Asia/Shanghai")


class _Table(StatesTable):
    """The table, with a count of its writes, and an end."""

    def __init__(self) -> None:
        super().__init__(boto3.client("dynamodb"), "states")
        self.writes = 0
        self.is_gone = False

    def update(self, camera_id: str, change: Change) -> None:
        self.writes += 1
        if self.is_gone:
            raise ConnectTimeoutError(endpoint_url="https://dynamodb")
        super().update(camera_id, change)

    def state(self, camera_id: str = "gate") -> State:
        return next(state for state in self.all() if state.camera_id == camera_id)


class _Process:
    """One process of the function."""

    def __init__(self, table: _Table) -> None:
        self.failures: list[Exception] = []
        self.seconds = 0.0
        self.signs = Signs(table, failed=self.failures.append, clock=lambda: self.seconds)

    def see(
        self,
        received: datetime,
        *,
        frames: int = 1,
        profile: Profile = Profile(),  # noqa: B008
        device_time: datetime | None = None,
        camera_id: str = "gate",
    ) -> None:
        self.signs.see(camera_id, profile, frames=frames, received=received, device_time=device_time)
        self.signs.settle(5)

    def spend(self, received: datetime, *, frames: int = 1, profile: Profile = QUOTA) -> bool:
        return self.signs.spend("gate", profile, frames=frames, received=received)


@pytest.fixture
def table(states: Any) -> _Table:
    return _Table()


@pytest.fixture
def process(table: _Table) -> _Process:
    return _Process(table)


def _after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_sign_of_life_is_written_once_a_minute(table: _Table, process: _Process) -> None:
    process.see(NOON)
    first = table.writes
    for second in range(1, 60):
        process.see(_after(second))
    assert table.writes == first
    process.see(_after(60))
    assert table.writes == first + 1
    assert table.state() == State(
        camera_id="gate", last_seen=int(_after(60).timestamp()), day="2026-11-30", frames=61, silent_after_s=900
    )


def test_frames_of_several_processes_add_up(table: _Table) -> None:
    for process in (_Process(table), _Process(table)):
        process.see(NOON, frames=3)
    assert table.state().frames == 6


def test_a_heartbeat_is_a_sign_of_life_without_a_frame(table: _Table, process: _Process) -> None:
    process.see(NOON, frames=0, profile=Profile(silent_after_s=120))
    assert (table.state().frames, table.state().silent_after_s) == (0, 120)


def test_a_day_begins_at_midnight_of_the_profiles_zone(table: _Table, process: _Process) -> None:
    tokyo = Profile(zone="Asia/Tokyo")
    process.see(datetime(2026, 11, 30, 14, 59, tzinfo=UTC), frames=5, profile=tokyo)
    assert (table.state().day, table.state().frames) == ("2026-11-30", 5)
    process.see(datetime(2026, 11, 30, 15, 0, tzinfo=UTC), frames=2, profile=tokyo)
    assert (table.state().day, table.state().frames) == ("2026-12-01", 2)


def test_a_later_day_of_another_process_is_not_taken_back(table: _Table) -> None:
    _Process(table).see(_after(86_400), frames=4)
    _Process(table).see(NOON, frames=3)
    assert (table.state().day, table.state().frames) == ("2026-12-01", 7)


def test_the_skew_is_the_smallest_of_a_minute(table: _Table, process: _Process) -> None:
    process.see(NOON, device_time=_after(-3600))
    assert table.state().skew_s == -3600
    process.see(_after(10), device_time=_after(-600))  # sent again
    process.see(_after(20), device_time=_after(20 + 130))
    process.see(_after(30), device_time=_after(-900))
    process.see(_after(60))
    assert table.state().skew_s == 130
    process.see(_after(120))
    assert table.state().skew_s == 130  # no time of the device: nothing new is known


def test_a_camera_with_a_quota_needs_no_second_write(table: _Table, process: _Process) -> None:
    assert process.spend(NOON)
    writes = table.writes
    process.see(NOON, profile=QUOTA, device_time=_after(200))
    assert table.writes == writes
    assert process.spend(_after(30))
    assert table.writes == writes + 1
    assert (table.state().frames, table.state().skew_s) == (2, 200)
    assert table.state().last_seen == int(_after(30).timestamp())


def test_a_spent_quota_is_a_sign_of_life_once_a_minute(table: _Table, process: _Process) -> None:
    assert [process.spend(NOON) for _ in range(3)] == [True, True, False]
    writes = table.writes
    for second in range(180):
        assert not process.spend(_after(second))
        process.see(_after(second), frames=0, profile=QUOTA)
    assert table.writes == writes + 2
    assert table.state().last_seen == int(_after(120).timestamp())
    assert table.state().frames == 2


def test_a_larger_quota_and_a_new_day_open_at_once(process: _Process) -> None:
    assert [process.spend(NOON) for _ in range(3)] == [True, True, False]
    assert process.spend(NOON, profile=Profile(frames_a_day=3, zone="Asia/Shanghai"))
    assert process.spend(_after(4 * 3600))  # midnight in Shanghai


def test_a_table_that_does_not_answer_loses_no_frame(table: _Table, process: _Process) -> None:
    table.is_gone = True
    assert all(process.spend(NOON) for _ in range(10))
    assert (table.writes, len(process.failures)) == (1, 1)  # and none waits for it again
    process.see(NOON, frames=0)
    assert len(process.failures) == 2
    table.is_gone, process.seconds = False, 6.0
    assert [process.spend(NOON) for _ in range(3)] == [True, True, False]


def test_a_write_of_a_sign_that_hangs_does_not_hold_the_answer(
    table: _Table, process: _Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    gate = threading.Event()
    monkeypatch.setattr(table, "update", lambda *_: gate.wait(5))
    process.signs.see("gate", Profile(), frames=1, received=NOON, device_time=None)
    process.signs.settle(0.01)
    assert process.failures == []
    gate.set()
    process.signs.settle(5)


def test_the_memory_of_cameras_is_bounded(process: _Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_api.sightings.signs._MOST_CAMERAS", 3)
    for number in range(5):
        process.see(NOON, camera_id=f"camera-{number}")
    assert list(process.signs._noted) == ["camera-2", "camera-3", "camera-4"]


def test_a_forgotten_camera_that_comes_back_stays(table: _Table, states: Any, process: _Process) -> None:
    states.put_item(Item={"id": "camera#gate", "day": "2026-11-30", "frames": 1, "expires": 9})
    assert list(table.all()) == []
    process.see(NOON)
    assert "expires" not in states.get_item(Key={"id": "camera#gate"})["Item"]
    assert table.state().frames == 2
