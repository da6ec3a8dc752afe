from __future__ import annotations

from datetime import UTC, datetime

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from camera_registry import cameras, credentials
from camera_registry.cameras import Camera
from camera_registry.profiles import Profile, combined

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_a_camera_comes_back_from_the_table_as_it_was() -> None:
    _, credential = credentials.make(credentials.OF_A_CAMERA, NOW)
    camera = Camera(
        camera_id="gate-1",
        site="Hamburg",
        tags=("gates", "night"),
        vendor="hikvision",
        credentials=(credential,),
        principal="arn:aws:iam::123456789012:role/gate-1",
        profile=Profile(
            min_confidence=0.55, regions=(((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)),), hours=("mon-fri 07:00-19:00",)
        ),
        created=NOW,
        updated=NOW,
    )
    stored = {name: TypeSerializer().serialize(value) for name, value in camera.as_item().items()}
    read = {name: TypeDeserializer().deserialize(value) for name, value in stored.items()}
    assert Camera.of_item(read) == camera


def test_the_nearest_profile_that_speaks_wins() -> None:
    own, tag, fleet = (
        Profile(min_confidence=0.0),
        Profile(min_confidence=0.5, keep="nothing"),
        Profile(keep="everything", zone="Asia/Tokyo"),
    )
    assert combined(own, [tag], fleet) == Profile(min_confidence=0.0, keep="nothing", zone="Asia/Tokyo")


@pytest.mark.parametrize("text", ["", "a b", "a/b", "x" * 65, "a#b", "caméra", "a\n"])
def test_a_name_that_would_break_a_url_or_a_key_is_none(text: str) -> None:
    assert not cameras.is_camera_id(text)


def test_a_mac_address_is_a_name() -> None:
    assert cameras.is_camera_id("44:a6:42:10:20:30")
