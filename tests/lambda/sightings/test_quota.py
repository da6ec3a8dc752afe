from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

from inference_api.sightings import quota
from inference_api.sightings.table import StatesTable

TODAY, TOMORROW = "2026-11-30", "2026-12-01"


@pytest.fixture
def table(states: Any) -> StatesTable:
    return StatesTable(boto3.client("dynamodb"), "states")


def _spend(table: StatesTable, day: str, frames: int = 1, most: int = 3) -> bool:
    return quota.spend(table, "gate", day, sets={"last_seen": 5}, frames=frames, most=most)


def _item(states: Any) -> dict[str, Any]:
    return dict(states.get_item(Key={"id": "camera#gate"})["Item"])


def test_as_many_frames_pass_as_the_day_has_room_for(table: StatesTable, states: Any) -> None:
    assert [_spend(table, TODAY) for _ in range(5)] == [True, True, True, False, False]
    assert _item(states) == {"id": "camera#gate", "last_seen": 5, "day": TODAY, "frames": 3}


def test_a_new_day_begins_with_its_first_frames(table: StatesTable, states: Any) -> None:
    assert [_spend(table, day, 2) for day in (TODAY, TODAY, TOMORROW)] == [True, False, True]
    assert (_item(states)["day"], _item(states)["frames"]) == (TOMORROW, 2)


def test_the_frames_of_a_request_pass_together_or_not_at_all(table: StatesTable, states: Any) -> None:
    assert [_spend(table, TODAY, frames) for frames in (2, 2, 1, 4)] == [True, False, True, False]
    assert _item(states)["frames"] == 3


def test_a_process_whose_clock_is_late_counts_to_the_day_that_began(table: StatesTable, states: Any) -> None:
    assert [_spend(table, day, 2) for day in (TOMORROW, TODAY, TODAY)] == [True, False, False]
    assert _spend(table, TODAY, 1)
    assert (_item(states)["day"], _item(states)["frames"]) == (TOMORROW, 3)


def test_frames_that_were_counted_without_a_quota_count(table: StatesTable, states: Any) -> None:
    states.put_item(Item={"id": "camera#gate", "day": TODAY, "frames": 2, "expires": 9})
    assert [_spend(table, TODAY) for _ in range(2)] == [True, False]
    assert "expires" not in _item(states)


def test_the_count_is_exact_when_many_count_at_once(
    table: StatesTable, states: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_at_a_time, update = threading.Lock(), table.update

    def atomic(*arguments: Any) -> None:
        with one_at_a_time:  # as in DynamoDB; moto looks at a condition first, and writes then
            update(*arguments)

    monkeypatch.setattr(table, "update", atomic)
    with ThreadPoolExecutor(8) as threads:
        passed = list(threads.map(lambda _: _spend(table, TODAY, most=20), range(60)))
    assert sum(passed) == 20
    assert _item(states)["frames"] == 20


def test_each_frame_takes_one_write(states: Any) -> None:
    client = boto3.client("dynamodb")
    calls: list[str] = []
    client.meta.events.register("before-call.dynamodb.*", lambda model, **_: calls.append(model.name))
    table = StatesTable(client, "states")
    assert _spend(table, TODAY, most=9)
    calls.clear()
    assert _spend(table, TODAY, most=9)
    assert calls == ["UpdateItem"]
