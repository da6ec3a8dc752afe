from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from camera_registry import cameras
from camera_registry.cameras import Camera
from camera_registry.profiles import Profile
from tests.workbench.registry_tables import STATES, create_tables
from workbench.cameras import listing, report
from workbench.cameras.registry import Registry, as_dynamodb

NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


def _camera(**facts: Any) -> Camera:
    return Camera(camera_id="gate-1", created=NOW, updated=NOW, **facts)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with mock_aws():
        yield create_tables(boto3.client("dynamodb", region_name="us-east-1"))


@pytest.mark.slow
def test_day_and_patience_are_those_of_the_profile_in_force(registry: Registry) -> None:
    """At 20:00 UTC it is tomorrow in Shanghai."""
    camera = _camera(tags=("b", "a"), profile=Profile(keep="nothing"))
    registry.write(None, camera)
    state = {"last_seen": int(NOW.timestamp()) - 1000, "day": "2026-11-30", "frames": 5}
    registry.client.put_item(TableName=STATES, Item=as_dynamodb({"id": "camera#gate-1", **state}))
    (seen,) = listing.everything(registry, NOW)
    assert (seen.state, seen.frames_today) == ("silent", 0)
    registry.write_profile(
        cameras.FLEET_PROFILE, Profile(zone="Asia/Shanghai", silent_after_s=60, keep="everything"), NOW
    )
    registry.write_profile(cameras.tag_profile_key("a"), Profile(silent_after_s=2000), NOW)
    (seen,) = listing.everything(registry, NOW)
    assert (seen.state, seen.frames_today) == ("alive", 5)
    assert listing.one(registry, camera, NOW) == seen
    rows = {
        row["name"]: (row["value"], row["from"]) for row in report.profile_lines(listing.profiles_of(registry, camera))
    }
    assert rows["zone"] == ("Asia/Shanghai", "fleet")
    assert rows["silent_after_s"] == (2000, "tag a")
    assert rows["keep"] == ("nothing", "camera")
    assert rows["classes"] == (None, "default")
    registry.write_profile(cameras.tag_profile_key("a"), Profile(), NOW)
    (seen,) = listing.everything(registry, NOW)
    assert seen.state == "silent"


def test_wide_characters_and_those_that_steer_a_terminal() -> None:
    def seen(name: str, site: str) -> listing.Seen:
        return listing.Seen(name, site, (), "", "alive", NOW, 1, 121)

    table = report.table([seen("a", "南门"), seen("b", "x\x1b[2J")], NOW).splitlines()
    assert table[1] == "a       南门   alive  0 s ago    1             2 min ahead"
    assert table[2] == "b       x?[2J  alive  0 s ago    1             2 min ahead"
    assert report.table([], NOW) == "0 cameras"
