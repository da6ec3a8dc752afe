"""Cameras that fall silent, flap and come back, from the socket over the function and the watch to the event store.

Time passes at once: all moments of a camera's state are set back. A camera with a quota has each of its signs recorded.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from camera_registry.cameras import camera_key
from workbench.cameras import listing, place
from workbench.cameras.import_file import Row
from workbench.cameras.place import Asked
from workbench.cameras.registry import Item, Registry, as_dynamodb
from workbench.cameras.seeding import read, seed
from workbench.local import service
from workbench.local.service import LocalService
from workbench.places import MODEL_STORE
from workbench.template.rendered_stack import render

pytestmark = pytest.mark.processes

GIVEN = {"detectorModelName": "dlib_frontal_face", "apiAuthorization": "CAMERA", "saveRequestEvents": "Yes"}
ROWS = "camera_id,frames_a_day,silent_after_s\n" + "".join(f"{name},1000,60\n" for name in ("gate-1", "gate-2"))
_LONG, _SHORT = 130, 50
"""Seconds of silence after which a camera is silent, and after which it is not."""
_MOMENTS = ("last_seen", "silent_since", "returned_since", "returned_until")
_PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Fleet:
    """A running service with cameras, and their keys."""

    running: LocalService
    registry: Registry
    keys: dict[str, str]

    def push(self, camera: str, frame: Path) -> None:
        """Send a frame."""
        where = f"{self.running.push_url}?k={self.keys[camera]}"
        assert httpx.post(where, content=frame.read_bytes(), timeout=30).status_code == 200

    def until(self, camera: str, is_so: Callable[[Item], bool]) -> Item:
        """The state of a camera, once it is as it is to be."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_so(state := self.registry.state(camera)):
            assert time.monotonic() < deadline, state
            time.sleep(0.05)
        return state

    def pass_time(self, camera: str, seconds: int) -> None:
        """Set the moments of a camera's state back, whatever the watch does meanwhile."""
        while True:
            state = self.registry.state(camera)
            moments = [name for name in _MOMENTS if name in state]
            condition = " AND ".join(f"{name} = :{name}" for name in moments)
            values = {":by": -seconds, **{f":{name}": state[name] for name in moments}}
            with suppress(ClientError):
                self.registry.client.update_item(
                    TableName=self.registry.states,
                    Key=as_dynamodb({"id": camera_key(camera)}),
                    UpdateExpression="ADD " + ", ".join(f"{name} :by" for name in moments),
                    ConditionExpression=condition,
                    ExpressionAttributeValues=as_dynamodb(values),
                )
                return

    def told(self) -> list[tuple[str, str]]:
        """Cameras and types of the events that are no frame's."""
        store = self.running.events
        bodies = [
            json.loads(store.client.get_object(Bucket=store.bucket, Key=key)["Body"].read())
            for key in store.list_keys()
            if key.endswith("result.json")
        ]
        pushes = [(event["camera_id"], event.get("push") or {}) for event in bodies]
        return sorted((camera, push["event_type"]) for camera, push in pushes if push.get("vendor") == "ipc-ai-saas")

    def state(self, camera: str) -> str:
        """The state of a camera as ``camera list`` shows it."""
        return {each.camera_id: each.state for each in listing.everything(self.registry, datetime.now(UTC))}[camera]


@pytest.fixture(scope="module")
def fleet(template: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("silent")
    (folder / "cameras.csv").write_text(ROWS)
    rows: list[Row] = read(folder / "cameras.csv")
    stack = render(template, GIVEN, "us-east-1")
    with service.running(stack, port=0, model_store=MODEL_STORE, logs=folder, watch_seconds=0.3) as running:
        assert running.tables is not None
        where = Asked(
            endpoint_url=running.events.url,
            registry_table=running.tables.registry,
            states_table=running.tables.states,
        )
        registry = place.find(where).registry
        keys = seed(registry, rows, folder).keys
        yield Fleet(running, registry, {name: key.text for name, key in keys.items()})
        for table in (registry.table, registry.states):  # moto keeps one set for the process
            registry.client.delete_table(TableName=table)


def test_a_flapping_camera_makes_one_silence_and_one_return(fleet: Fleet, photograph: Path) -> None:
    fleet.push("gate-1", photograph)
    fleet.until("gate-1", lambda state: "last_seen" in state)
    for _ in range(3):
        fleet.pass_time("gate-1", _LONG)
        fleet.until("gate-1", lambda state: "silent_since" in state and "returned_since" not in state)
        assert fleet.state("gate-1") == listing.SILENT
        fleet.push("gate-1", photograph)
        fleet.until("gate-1", lambda state: "returned_since" in state)
    for _ in range(2):
        fleet.pass_time("gate-1", _SHORT)
        fleet.push("gate-1", photograph)
        fleet.until(
            "gate-1", lambda state: "silent_since" not in state or state.get("returned_until") == state["last_seen"]
        )
    fleet.until("gate-1", lambda state: "silent_since" not in state)
    assert fleet.state("gate-1") == listing.ALIVE
    time.sleep(1)  # some more looks
    assert fleet.told() == [("gate-1", "CameraReturned"), ("gate-1", "CameraSilent")]


def test_a_camera_that_was_removed_is_not_silent(fleet: Fleet, photograph: Path) -> None:
    fleet.push("gate-2", photograph)
    state = fleet.until("gate-2", lambda state: "last_seen" in state)
    fleet.registry.remove(fleet.registry.required("gate-2"))
    assert fleet.registry.state("gate-2") == {}
    late = {**state, "last_seen": state["last_seen"] - _LONG}  # of a process that does not know of it yet
    fleet.registry.client.put_item(TableName=fleet.registry.states, Item=as_dynamodb(late))
    fleet.until("gate-2", lambda state: "last_seen" not in state)
    time.sleep(1)  # some more looks
    assert not [event for event in fleet.told() if event[0] == "gate-2"]
