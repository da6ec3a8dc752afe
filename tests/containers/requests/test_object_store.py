"""S3 over HTTP: an emulated one, and one that misbehaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from flask import Flask, Response

from ipc_ai_serving.errors import (
    ClientError,
    ObjectDeniedError,
    ObjectNotFoundError,
    ObjectStoreUnavailableError,
    PayloadTooLargeError,
    ServingError,
)
from ipc_ai_serving.requests.object_store import ObjectStore, ObjectUri
from workbench.local.servers.http_server import HttpServer
from workbench.local.services import object_store as local

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIMIT = 100_000
KEYS = {"a.jpg": b"first", "folder/b c+d%20#?.jpg": b"second", "前门.jpg": b"third", "/slash": b"fourth", "empty": b""}


def _client(url: str) -> S3Client:
    config = Config(connect_timeout=2, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=config,
    )


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with local.running("frames", "us-east-1") as running:
        for key, body in KEYS.items():
            running.client.put_object(Bucket="frames", Key=key, Body=body)
        for name, size in {"limit": LIMIT, "over": LIMIT + 1}.items():
            running.client.put_object(Bucket="frames", Key=name, Body=bytes(size))
        yield ObjectStore(_client(running.url), max_object_bytes=LIMIT)


@pytest.mark.processes
def test_objects_come_in_the_order_of_their_uris(store: ObjectStore) -> None:
    assert store.fetch([f"s3://frames/{key}" for key in KEYS]) == list(KEYS.values())
    assert store.fetch(["s3://frames/a.jpg"] * 16) == [b"first"] * 16


@pytest.mark.parametrize(
    ("uri", "kind", "says"),
    [
        ("s3://frames/missing", ObjectNotFoundError, r"missing is not there \(NoSuchKey\); check bucket and key$"),
        ("s3://no-such-bucket/a.jpg", ObjectNotFoundError, "NoSuchBucket"),
        ("s3://frames/over", PayloadTooLargeError, "s3://frames/over is too large; an object may have at most 100000"),
    ],
)
def test_what_is_refused(store: ObjectStore, uri: str, kind: type[ServingError], says: str) -> None:
    with pytest.raises(kind, match=says):
        store.fetch(["s3://frames/a.jpg", uri])


def test_objects_together_have_a_limit_too(store: ObjectStore) -> None:
    assert [len(body) for body in store.fetch(["s3://frames/limit"] * 4)] == [LIMIT] * 4
    with pytest.raises(PayloadTooLargeError, match="at most 400000 bytes together"):
        store.fetch(["s3://frames/limit"] * 4 + ["s3://frames/a.jpg"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.jpg",
        "s3://",
        "s3://frames",
        "s3://frames/",
        "s3:///a.jpg",
        "S3://frames/a.jpg",
        "https://frames.s3.amazonaws.com/a.jpg",
        "s3://Frames/a.jpg",
        "s3://fr/a.jpg",
        "s3://-frames/a.jpg",
        "s3://a..b/a.jpg",
        "s3://frames@evil/a.jpg",
        "s3://frames:80/a.jpg",
        "s3://arn:aws:s3:us-east-1:111122223333:accesspoint/mine/a.jpg",
        f"s3://{'f' * 64}/a.jpg",
        f"s3://frames/{'x' * 1025}",
        f"s3://frames/{'前' * 342}",
        "s3://frames/\ud800.jpg",
        " s3://frames/a.jpg",
    ],
)
def test_what_is_no_uri(text: str) -> None:
    with pytest.raises(ClientError, match="is not an S3 URI; write s3://BUCKET/KEY") as raised:
        ObjectUri.parse(text)
    str(raised.value).encode()


def test_a_key_is_taken_letter_by_letter() -> None:
    assert ObjectUri.parse("s3://a.b-c/x//../%2e?versionId=1#f") == ObjectUri("a.b-c", "x//../%2e?versionId=1#f")


REFUSAL = "<Error><Code>{0}</Code><Message>no</Message></Error>"


def _slowly(count: int, *, seconds: float) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x"  # the first at once: the headers go with it
        time.sleep(seconds)


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[str]:
    """An S3 whose keys say how it fails."""
    app = Flask(__name__)

    @app.get("/bucket/refuse/<int:status>/<code>")
    def refuse(status: int, code: str) -> Response:
        return Response(REFUSAL.format(code), status=status, mimetype="application/xml")

    @app.get("/bucket/stall")
    def stall() -> Response:
        time.sleep(6)
        return Response(b"late")

    @app.get("/bucket/drip")
    def drip() -> Response:
        return Response(_slowly(100, seconds=0.2), headers={"Content-Length": "100"})

    @app.get("/bucket/cut")
    def cut() -> Response:
        return Response(iter([b"x" * 10]), headers={"Content-Length": "100"})

    @app.get("/bucket/huge")
    def huge() -> Response:
        return Response(_slowly(LIMIT + 1, seconds=1), headers={"Content-Length": str(LIMIT + 1)})

    with HttpServer(app) as server:
        yield server.url


@pytest.mark.processes
@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        ("refuse/403/AccessDenied", ObjectDeniedError, "is not there, or the endpoint's role may not read it"),
        ("refuse/404/NoSuchKey", ObjectNotFoundError, "NoSuchKey"),
        ("refuse/400/InvalidRequest", ClientError, r"S3 does not deliver s3://bucket/\S+ \(InvalidRequest\)"),
        ("refuse/400/ExpiredToken", ObjectStoreUnavailableError, "again shortly"),
        ("refuse/503/SlowDown", ObjectStoreUnavailableError, "again shortly"),
        ("refuse/500/InternalError", ObjectStoreUnavailableError, "again shortly"),
        ("stall", ObjectStoreUnavailableError, "cannot be reached"),
        ("cut", ObjectStoreUnavailableError, "cannot be reached"),
        ("huge", PayloadTooLargeError, "too large"),
    ],
)
def test_an_s3_that_refuses_or_fails(misbehaving: str, key: str, kind: type[ServingError], says: str) -> None:
    store = ObjectStore(_client(misbehaving), max_object_bytes=LIMIT)
    with pytest.raises(kind, match=says) as raised:
        store.fetch([f"s3://bucket/{key}"])
    assert type(raised.value) is kind


def test_an_s3_that_drips_is_not_waited_for(misbehaving: str) -> None:
    store = ObjectStore(_client(misbehaving), max_object_bytes=LIMIT, seconds=0.5)
    started = time.monotonic()
    with pytest.raises(ObjectStoreUnavailableError, match=r"within 0\.5 s"):
        store.fetch(["s3://bucket/drip"] * 3)
    assert time.monotonic() - started < 10  # and not the twenty that it would take


def test_one_refusal_ends_the_others(misbehaving: str) -> None:
    store = ObjectStore(_client(misbehaving), max_object_bytes=LIMIT)
    started = time.monotonic()
    with pytest.raises(ObjectNotFoundError):
        store.fetch(["s3://bucket/drip", "s3://bucket/refuse/404/NoSuchKey"])
    assert time.monotonic() - started < 15  # and not the twenty seconds of the other


@pytest.mark.processes
def test_no_s3_at_all() -> None:
    with HttpServer(Flask(__name__)) as gone:
        url = gone.url
    with pytest.raises(ObjectStoreUnavailableError, match="cannot be reached"):
        ObjectStore(_client(url), max_object_bytes=LIMIT).fetch(["s3://frames/a.jpg"])
