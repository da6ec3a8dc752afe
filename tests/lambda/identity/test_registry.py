from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from camera_registry import cameras
from camera_registry.profiles import Profile
from inference_api.errors import RegistryUnavailableError
from inference_api.identity.registry import ABSENT_S, FRESH_S, STALE_S, Registry
from tests.camera_tables import REGISTRY, Clock, Gate, Tables, changed, register

TIMEOUT = ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "camera#gate-1"}}, "BatchGetItem")


def test_a_camera_is_read_once_in_half_a_minute(registry: Registry, tables: Tables, gate: Gate, clock: Clock) -> None:
    assert registry.camera("gate-1") == gate.camera
    clock.pass_by(FRESH_S)
    assert registry.camera("gate-1") == gate.camera
    assert len(tables.calls) == 1
    changed(tables, gate, status=cameras.DISABLED)
    clock.pass_by(0.1)
    read = registry.camera("gate-1")
    assert read is not None
    assert read.status == cameras.DISABLED


def test_half_a_minute_is_over_though_lambda_stopped_the_process(
    registry: Registry, tables: Tables, gate: Gate, clock: Clock
) -> None:
    registry.camera("gate-1")
    clock.wall += FRESH_S + 1
    registry.camera("gate-1")
    assert len(tables.calls) == 2


def test_a_new_camera_is_known_within_seconds(registry: Registry, tables: Tables, clock: Clock) -> None:
    assert registry.camera("gate-2") is None
    gate = register(tables, "gate-2")
    assert registry.camera("gate-2") is None
    clock.pass_by(ABSENT_S + 0.1)
    assert registry.camera("gate-2") == gate.camera


def test_a_removed_camera_is_absent_at_once_after_half_a_minute(
    registry: Registry, tables: Tables, gate: Gate, clock: Clock
) -> None:
    assert registry.camera_of_key(gate.key.name) == gate.camera
    tables.remove("camera#gate-1")
    clock.pass_by(FRESH_S + 0.1)
    assert registry.camera_of_key(gate.key.name) is None


@pytest.mark.parametrize("failure", [TIMEOUT, DENIED])
def test_a_registry_that_fails_lets_known_cameras_go_on_for_less_than_a_minute(
    registry: Registry, tables: Tables, gate: Gate, clock: Clock, failure: Exception
) -> None:
    registry.camera("gate-1")
    tables.failure = failure
    clock.pass_by(STALE_S)
    assert registry.camera("gate-1") == gate.camera
    with pytest.raises(RegistryUnavailableError) as unknown:
        registry.camera("gate-2")
    assert "gate" not in str(unknown.value)
    assert unknown.value.__cause__ is None
    clock.pass_by(0.1)
    with pytest.raises(RegistryUnavailableError):
        registry.camera("gate-1")
    assert STALE_S < 60


def test_a_registry_that_failed_is_left_alone_for_a_second(
    registry: Registry, tables: Tables, gate: Gate, clock: Clock
) -> None:
    tables.failure = TIMEOUT
    for _ in range(3):
        with pytest.raises(RegistryUnavailableError):
            registry.camera("gate-1")
    assert len(tables.calls) == 1
    tables.failure = None
    clock.pass_by(1)
    assert registry.camera("gate-1") == gate.camera


def test_a_throttled_table_is_one_that_does_not_answer(clock: Clock) -> None:
    class Throttled:
        def batch_get_item(self, **words: Any) -> Any:
            return {"Responses": {REGISTRY: []}, "UnprocessedKeys": words["RequestItems"]}

    client: Any = Throttled()
    with pytest.raises(RegistryUnavailableError):
        Registry(client, REGISTRY, clock=clock).camera("gate-1")


def test_wrong_names_push_out_no_camera(registry: Registry, tables: Tables, gate: Gate) -> None:
    registry.camera("gate-1")
    for number in range(5000):
        registry._absent.put(f"camera#{number}", None, registry._clock())
    tables.calls.clear()
    registry.camera("gate-1")
    assert not tables.calls
    assert registry._absent.get("camera#0", registry._clock()) is None


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "é", "\ud800"])
def test_a_name_that_no_camera_may_have_is_not_looked_up(registry: Registry, tables: Tables, name: str) -> None:
    assert registry.camera(name) is None
    assert not tables.calls


def test_the_profile_in_force_is_the_nearest(registry: Registry, tables: Tables, clock: Clock) -> None:
    register(tables, "gate-1", tags=("gates", "night"), profile=Profile(min_confidence=0.9))
    put_profile(tables, cameras.FLEET_PROFILE, Profile(min_confidence=0.1, keep="nothing", zone="Asia/Tokyo"))
    put_profile(tables, cameras.tag_profile_key("gates"), Profile(keep="detections"))
    found = registry.camera_with_profile("gate-1")
    assert found is not None
    assert found[1] == Profile(min_confidence=0.9, keep="detections", zone="Asia/Tokyo")
    assert len(tables.calls) == 2  # the camera with the fleet's, and those of its tags, there or not
    clock.pass_by(FRESH_S)
    registry.camera_with_profile("gate-1")
    assert len(tables.calls) == 2
    put_profile(tables, cameras.tag_profile_key("night"), Profile(zone="UTC"))
    clock.pass_by(0.1)
    found = registry.camera_with_profile("gate-1")
    assert found is not None
    assert found[1].zone == "UTC"


def test_the_profile_goes_on_while_the_registry_fails(
    registry: Registry, tables: Tables, gate: Gate, clock: Clock
) -> None:
    before = registry.camera_with_profile("gate-1")
    tables.failure = TIMEOUT
    clock.pass_by(STALE_S)
    assert registry.camera_with_profile("gate-1") == before


def test_no_camera_has_no_profile(registry: Registry) -> None:
    assert registry.camera_with_profile("gate-1") is None


def put_profile(tables: Tables, key: str, profile: Profile) -> None:
    tables.put({"id": key, "profile": profile.as_json()})
