from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from camera_registry import cameras
from camera_registry.cameras import Camera
from camera_registry.profiles import Profile
from inference_api import watch
from inference_api.sightings.look import Look
from inference_api.sightings.roster import Roster
from inference_api.sightings.table import StatesTable

NOON = int(datetime(2026, 11, 30, 12, 1, tzinfo=UTC).timestamp())  # no quarter of an hour
QUARTER = NOON + 14 * 60
CREATED = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Context:
    function_name: str = "watch"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn"
    aws_request_id: str = "id"
    left_ms: int = 50_000

    def get_remaining_time_in_millis(self) -> int:
        return self.left_ms


class Fleet:
    """The two tables and the bucket, and a watch that is called."""

    def __init__(self, states: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        self.states = states
        self.client = boto3.client("dynamodb")
        self.bucket = boto3.resource("s3").create_bucket(Bucket="event-store")
        self.client.create_table(
            TableName="registry",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._capsys = capsys
        self.caplog = caplog

    def add(self, camera_id: str, *, status: str = "enabled", profile: Profile = Profile(), **item: Any) -> None:  # noqa: B008
        camera = Camera(camera_id=camera_id, created=CREATED, updated=CREATED, status=status, profile=profile, **item)
        self.put(camera.as_item())

    def put(self, item: dict[str, Any]) -> None:
        typed = {name: TypeSerializer().serialize(value) for name, value in item.items()}
        self.client.put_item(TableName="registry", Item=typed)

    def remove(self, camera_id: str) -> None:
        self.client.delete_item(TableName="registry", Key={"id": {"S": cameras.camera_key(camera_id)}})

    def see(self, camera_id: str, at: int, **state: int) -> None:
        self.states.update_item(
            Key={"id": cameras.camera_key(camera_id)},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in {"last_seen", *state}),
            ExpressionAttributeValues={":last_seen": at, **{f":{name}": value for name, value in state.items()}},
        )

    def look(self, at: int, context: Context | None = None) -> dict[str, Any]:
        """The metrics of a look."""
        time = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
        watch.handler({"time": time}, context or Context())  # type: ignore[arg-type]
        lines = (json.loads(line) for line in self._capsys.readouterr().out.splitlines())
        (metrics,) = (line for line in lines if "_aws" in line)
        return {name: value for name, value in metrics.items() if name not in ("_aws", "service")}

    @property
    def log(self) -> list[str]:
        return sorted(record.message for record in self.caplog.records)

    def events(self, prefix: str = "events/") -> list[dict[str, Any]]:
        found = [json.loads(each.get()["Body"].read()) for each in self.bucket.objects.filter(Prefix=prefix)]
        return sorted(found, key=lambda event: str(event["received"]))

    def state(self, camera_id: str) -> dict[str, Any]:
        return dict(self.states.get_item(Key={"id": cameras.camera_key(camera_id)}).get("Item", {}))


@pytest.fixture
def fleet(
    states: Any,
    function_environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Fleet]:
    function_environment.setenv("REGISTRY_TABLE", "registry")
    function_environment.setattr(watch, "time", SimpleNamespace(time=lambda: 4e9))  # the schedule's time is earlier
    caches = (watch.settings, watch.tables, watch.event_store)
    for cached in caches:
        cached.cache_clear()
    yield Fleet(states, capsys, caplog)
    for cached in caches:
        cached.cache_clear()


def test_a_fleet_without_cameras_has_none_silent(fleet: Fleet) -> None:
    assert fleet.look(NOON) == {"SilentCameras": 0, "SeenCameras": 0}


def test_a_silent_camera_is_one_event_and_one_line(fleet: Fleet) -> None:
    for camera_id in ("gate", "yard"):
        fleet.add(camera_id)
    fleet.see("gate", NOON - 1000)
    fleet.see("yard", NOON - 100)
    assert fleet.look(NOON) == {"SilentCameras": 1, "SeenCameras": 1}
    (event,) = fleet.events()
    assert event == {
        "request_id": event["request_id"],
        "client_request_id": None,
        "timestamp": None,
        "camera_id": "gate",
        "received": "2026-11-30T12:01:00+00:00",
        "frames": {},
        "push": {
            "vendor": "ipc-ai-saas",
            "event_type": "CameraSilent",
            "event_state": "active",
            "camera_claim": None,
            "ids": {},
            "channel": None,
            "device_time": None,
            "claims": {"silent_since": "2026-11-30T11:44:20+00:00", "silent_after_s": 900},
            "pictures": [],
            "broken": [],
        },
        "result": None,
    }
    (key,) = (each.key for each in fleet.bucket.objects.all())
    assert key == f"events/dt=2026-11-30/camera=gate/{event['request_id']}/result.json"
    (record,) = fleet.caplog.records
    assert (record.message, vars(record)["camera_id"], record.levelname) == ("camera silent", "gate", "WARNING")
    for minute in range(1, 20):
        fleet.see("yard", NOON + 60 * minute)
        assert fleet.look(NOON + 60 * minute) == {"SilentCameras": 1, "SeenCameras": 1}
    assert len(fleet.events()) == 1


def test_a_camera_is_back_after_an_interval_without_a_gap(fleet: Fleet) -> None:
    fleet.add("gate", profile=Profile(silent_after_s=300, retention="30"))
    fleet.see("gate", NOON - 400, silent_after_s=300)
    counts = [fleet.look(NOON)]
    for minute in range(1, 10):
        fleet.see("gate", NOON + 60 * minute - 1)
        counts.append(fleet.look(NOON + 60 * minute))
    assert [count["SilentCameras"] for count in counts] == [1] * 6 + [0] * 4
    silent, returned = fleet.events()
    assert silent["push"]["event_type"] == "CameraSilent"
    assert (returned["push"]["event_type"], returned["push"]["event_state"]) == ("CameraReturned", "inactive")
    assert returned["push"]["claims"] == {
        "silent_since": "2026-11-30T11:54:20+00:00",
        "returned_since": "2026-11-30T12:01:59+00:00",
        "silent_after_s": 300,
    }
    assert silent["retention"] == returned["retention"] == "30"
    assert not {"silent_since", "returned_since", "returned_until"} & set(fleet.state("gate"))


def test_a_flapping_link_is_one_silence_and_one_return(fleet: Fleet) -> None:
    fleet.add("gate", profile=Profile(silent_after_s=120))
    fleet.see("gate", NOON, silent_after_s=120)
    minutes = [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    for minute, is_up in enumerate(minutes, 1):
        if is_up:
            fleet.see("gate", NOON + 60 * minute - 5)
        fleet.look(NOON + 60 * minute)
    assert [event["push"]["event_type"] for event in fleet.events()] == ["CameraSilent", "CameraReturned"]


def test_events_go_to_the_table_of_events_where_there_is_one(
    fleet: Fleet, function_environment: pytest.MonkeyPatch
) -> None:
    function_environment.setenv("EVENTS_TABLE", "Yes")
    fleet.add("gate")
    fleet.see("gate", NOON - 1000)
    fleet.look(NOON)
    assert fleet.events("results/dt=2026-11-30/") == fleet.events("events/")


def test_without_events_the_log_has_them(fleet: Fleet, function_environment: pytest.MonkeyPatch) -> None:
    function_environment.setenv("SAVE_REQUEST_EVENTS", "No")
    fleet.add("gate")
    fleet.see("gate", NOON - 1000)
    assert fleet.look(NOON)["SilentCameras"] == 1
    assert fleet.events() == []
    assert fleet.log == ["camera silent"]


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_removed_or_disabled_camera_is_not_watched(fleet: Fleet, is_silent: bool) -> None:
    for camera_id in ("removed", "disabled", "gate"):
        fleet.add(camera_id)
        fleet.see(camera_id, NOON - 1000)
    if is_silent:
        assert fleet.look(NOON)["SilentCameras"] == 3
    fleet.remove("removed")
    fleet.add("disabled", status="disabled")
    assert fleet.look(QUARTER) == {"SilentCameras": 1, "SeenCameras": 0}
    assert fleet.look(QUARTER + 60) == {"SilentCameras": 1, "SeenCameras": 0}
    assert {event["camera_id"] for event in fleet.events()} == (
        {"removed", "disabled", "gate"} if is_silent else {"gate"}
    )
    assert set(fleet.state("removed")) == {"id", "expires"}
    fleet.add("disabled")
    fleet.see("disabled", QUARTER + 60)
    assert fleet.look(QUARTER + 120) == {"SilentCameras": 1, "SeenCameras": 1}


def test_a_longer_interval_holds_at_once(fleet: Fleet) -> None:
    fleet.add("gate", tags=("slow",))
    fleet.add("yard", tags=("unknown",))
    fleet.put({"id": cameras.tag_profile_key("slow"), "profile": Profile(silent_after_s=3600).as_json()})
    fleet.put({"id": cameras.FLEET_PROFILE, "profile": Profile(silent_after_s=1800).as_json()})
    for camera_id in ("gate", "yard"):
        fleet.see(camera_id, NOON - 1000, silent_after_s=900)
    assert fleet.look(NOON) == {"SilentCameras": 0, "SeenCameras": 2}
    assert [int(fleet.state(each)["silent_after_s"]) for each in ("gate", "yard")] == [3600, 1800]
    assert fleet.look(NOON + 900) == {"SilentCameras": 1, "SeenCameras": 1}


def test_a_dead_api_makes_one_event_a_camera_and_no_storm(fleet: Fleet) -> None:
    names = [f"camera-{number}" for number in range(100)]
    for name in names:
        fleet.add(name)
        fleet.see(name, NOON)
    # The watch, too, comes an hour late.
    assert fleet.look(NOON + 3600) == {"SilentCameras": 100, "SeenCameras": 0}
    for minute in range(1, 4):
        fleet.look(NOON + 3600 + 60 * minute)
    assert sorted(event["camera_id"] for event in fleet.events()) == sorted(names)
    back = NOON + 2 * 3600
    for minute in range(18):
        for name in names[:10]:
            fleet.see(name, back + 60 * minute)
        fleet.look(back + 60 * minute)
    assert fleet.look(back + 18 * 60) == {"SilentCameras": 90, "SeenCameras": 10}
    assert len(fleet.events()) == 110


def test_what_there_is_no_time_for_is_done_by_the_next_look(fleet: Fleet) -> None:
    fleet.add("gate")
    fleet.see("gate", NOON - 1000)
    assert fleet.look(NOON, Context(left_ms=11_000)) == {"SilentCameras": 1, "SeenCameras": 0}
    assert fleet.events() == []
    assert "silent_since" not in fleet.state("gate")
    assert fleet.look(NOON + 60)["SilentCameras"] == 1
    assert len(fleet.events()) == 1


def test_two_watches_at_once_tell_once(fleet: Fleet) -> None:
    for number in range(20):
        fleet.add(f"camera-{number}")
        fleet.see(f"camera-{number}", NOON - 1000)
    table, roster = watch.tables()
    look = {"table": table, "roster": roster, "store": watch.event_store(), "now": NOON, "has_time": lambda: True}
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: Look(**look).take(), range(4)))  # type: ignore[arg-type]
    assert len(fleet.events()) == 20
    assert fleet.log == ["camera silent"] * 20


def test_a_sign_of_life_between_the_look_and_the_step_counts(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.add("gate")
    fleet.see("gate", NOON - 1000)
    enabled = Roster.enabled

    def late(roster: Roster, names: Any) -> Any:
        fleet.see("gate", NOON)
        return enabled(roster, names)

    monkeypatch.setattr(Roster, "enabled", late)
    assert fleet.look(NOON) == {"SilentCameras": 0, "SeenCameras": 1}
    assert fleet.events() == []


def test_an_event_that_cannot_be_stored_is_counted_and_in_the_log(fleet: Fleet) -> None:
    for camera_id in ("gate", "yard"):
        fleet.add(camera_id)
        fleet.see(camera_id, NOON - 1000)
    fleet.bucket.delete()
    assert fleet.look(NOON) == {"SilentCameras": 2, "SeenCameras": 0, "EventStoreFailures": 2}
    assert fleet.log == ["camera silent", "camera silent", "event not stored"]


def test_a_state_that_cannot_be_written_stops_no_other(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    for camera_id in ("gate", "yard"):
        fleet.add(camera_id)
        fleet.see(camera_id, NOON - 1000)
    update = StatesTable.update

    def failing(table: StatesTable, camera_id: str, change: Any) -> None:
        if camera_id == "gate":
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")
        update(table, camera_id, change)

    with monkeypatch.context() as patch:
        patch.setattr(StatesTable, "update", failing)
        assert fleet.look(NOON) == {"SilentCameras": 1, "SeenCameras": 1, "StateFailures": 1}
    assert fleet.look(NOON + 60) == {"SilentCameras": 2, "SeenCameras": 0}


def test_a_clock_that_runs_ahead_of_the_schedule_makes_no_camera_silent(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.add("gate")
    fleet.see("gate", NOON - 30)
    monkeypatch.setattr(watch, "time", SimpleNamespace(time=lambda: NOON + 7200.0))
    assert fleet.look(NOON) == {"SilentCameras": 0, "SeenCameras": 1}
    for event in ({}, {"time": "soon"}, {"time": None}):
        assert watch._time_of(event) == NOON + 7200
    assert watch._time_of({"time": "2027-01-01T00:00:00Z"}) == NOON + 7200


def test_a_table_of_many_pages_is_read_to_its_end(fleet: Fleet) -> None:
    for number in range(5):
        fleet.see(f"camera-{number}", NOON)
    table, _ = watch.tables()
    scan = table._client.scan
    table._client.scan = lambda **asked: scan(**asked, Limit=2)  # type: ignore[method-assign]
    assert len(list(table.all())) == 5


def test_a_registry_that_is_throttled_is_asked_again_and_then_given_up() -> None:
    class Throttled:
        left = 3

        def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803
            self.left -= 1
            if self.left >= 0:
                return {"Responses": {}, "UnprocessedKeys": RequestItems}
            return {"Responses": {"registry": []}, "UnprocessedKeys": {}}

    assert Roster(Throttled(), "registry").enabled(["gate"]) == {}  # type: ignore[arg-type]
    Throttled.left = 100
    with pytest.raises(TimeoutError, match="throttled"):
        Roster(Throttled(), "registry").enabled(["gate"])  # type: ignore[arg-type]
