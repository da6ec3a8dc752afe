"""Samples of a bucket in moto, with the requests that they took."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from workbench.comparison import events
from workbench.comparison.events import Place
from workbench.comparison.frames import Frame
from workbench.errors import AccountError, ComparisonError

BUCKET = "events-of-cameras"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def put_events(s3: Any, day: str, camera: str, count: int) -> None:
    for number in range(count):
        request = uuid.uuid5(uuid.NAMESPACE_URL, f"{day}{camera}{number}")
        for name in ("frame.jpg", "result.json"):
            s3.put_object(Bucket=BUCKET, Key=f"events/dt={day}/camera={camera}/{request}/{name}", Body=camera.encode())


def count_listings(s3: Any) -> list[str]:
    """Prefixes of all listings from now on."""
    listed: list[str] = []
    s3.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: listed.append(params["Prefix"])
    )
    return listed


@pytest.mark.parametrize("prefix", ["", "events", "events/", "events/dt=2026-11-2"])
def test_every_camera_gets_its_share_whatever_lies_beside(s3: Any, prefix: str) -> None:
    for day in ("2026-11-20", "2026-11-21"):
        put_events(s3, day, "gate-1", 20)
        put_events(s3, day, "gate-2", 3)
    s3.put_object(Bucket=BUCKET, Key="incoming/camera=9/a.jpg", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="results/dt=2026-11-20/camera=gate-1/a.json", Body=b"")
    chosen = events.sample(s3, Place(BUCKET, prefix), count=16, seed=1)
    assert Counter(frame.camera for frame in chosen) == {"gate-1": 10, "gate-2": 6}
    assert all(frame.name.endswith("/frame.jpg") and frame.hour for frame in chosen)
    assert chosen == events.sample(s3, Place(BUCKET, prefix), count=16, seed=1)
    assert chosen != events.sample(s3, Place(BUCKET, prefix), count=16, seed=2)


@pytest.mark.parametrize("ending", ["camera=gate-1", "camera=gate-1/"])
def test_a_camera_is_not_another_whose_name_begins_alike(s3: Any, ending: str) -> None:
    put_events(s3, "2026-11-20", "gate-1", 2)
    put_events(s3, "2026-11-20", "gate-10", 2)
    chosen = events.sample(s3, Place(BUCKET, f"events/dt=2026-11-20/{ending}"), count=9, seed=1)
    assert {frame.camera for frame in chosen} == {"gate-1"}


def test_no_more_is_listed_than_the_sample_needs(s3: Any) -> None:
    for day in range(10, 30):
        put_events(s3, f"2026-11-{day}", "gate-1", 1)
    listed = count_listings(s3)
    assert len(events.sample(s3, Place(BUCKET, "events/"), count=4, seed=1)) == 4
    of_days = [prefix for prefix in listed if prefix.count("/") == 2]
    of_cameras = [prefix for prefix in listed if prefix.count("/") == 3]
    assert (len(of_days), len(of_cameras)) == (20, 4)


def test_the_next_thousand_keys_are_listed_when_the_first_are_too_few(s3: Any) -> None:
    for number in range(1005):
        s3.put_object(Bucket=BUCKET, Key=f"a/camera=1/{number:04}.txt", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="a/camera=1/last.jpg", Body=b"")
    (chosen,) = events.sample(s3, Place(BUCKET, "a/"), count=3, seed=1)
    assert chosen.name == "a/camera=1/last.jpg"


@pytest.mark.parametrize("prefix", ["", "archive/"])
def test_frames_of_another_layout(s3: Any, prefix: str) -> None:
    for name in ("gate-1/a.jpg", "gate-1/b.png", "gate-2/c.webp"):
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}{name}", Body=b"")
    assert len(events.sample(s3, Place(BUCKET, prefix), count=9, seed=1)) == 3


def test_frames_beside_folders_without_any(s3: Any) -> None:
    for name in ("a.jpg", "notes/b.txt"):
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"")
    assert [frame.name for frame in events.sample(s3, Place(BUCKET, ""), count=9, seed=1)] == ["a.jpg"]


def test_a_place_without_frames_is_refused(s3: Any) -> None:
    with pytest.raises(ComparisonError, match="has no frames; events keep them with saveRequestEvents=Yes"):
        events.sample(s3, Place(BUCKET, "events/"), count=9, seed=1)
    with pytest.raises(AccountError, match="NoSuchBucket"):
        events.sample(s3, Place("another-bucket", ""), count=9, seed=1)


def test_frames_are_fetched_and_deleted_ones_are_left_out(s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket=BUCKET, Key="a.JPG", Body=b"one")
    told: list[None] = []
    wanted = [Frame("a.JPG"), Frame("gone.png")]
    found = events.fetch(s3, Place(BUCKET, ""), wanted, tmp_path, done=lambda: told.append(None))
    assert {frame.name: path.read_bytes() for frame, path in found.items()} == {"a.JPG": b"one"}
    assert found[Frame("a.JPG")].suffix == ".jpg"
    assert len(told) == 2


def test_a_refusal_says_what_the_operator_needs(tmp_path: Path) -> None:
    class Refusing:
        def get_object(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not kms:Decrypt"}}, "GetObject")

    with pytest.raises(AccountError, match=r"GetObject: not kms:Decrypt .* you need s3:GetObject .* kms:Decrypt"):
        events.fetch(Refusing(), Place(BUCKET, ""), [Frame("a.jpg")], tmp_path)


@pytest.mark.parametrize("text", ["events", "s3://", "s3://UPPER/", "https://bucket/a", "s3:/bucket/a"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ComparisonError, match="is not s3://BUCKET/PREFIX"):
        events.place(text)


def test_places() -> None:
    assert events.place("s3://bucket") == Place("bucket", "")
    assert events.place("s3://bucket/events/dt=2026") == Place("bucket", "events/dt=2026")
