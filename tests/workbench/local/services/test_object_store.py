"""Memory, files and room of the local S3."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.local.services import object_store
from workbench.local.services.object_store import Newest, ObjectStore

FRAME_BYTES = 4_600_000


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    with object_store.running("a-bucket", "eu-west-1") as running:
        yield running


def _put(store: ObjectStore, key: str, body: bytes = b"{}") -> None:
    store.client.put_object(Bucket=store.bucket, Key=key, Body=body)


@pytest.mark.processes
def test_frames_take_no_memory(store: ObjectStore) -> None:
    frame = os.urandom(FRAME_BYTES)
    for number in range(5):
        _put(store, f"warm/{number}", frame)
    before = _resident_bytes()
    for number in range(40):
        _put(store, f"frames/{number}", frame)
    assert _resident_bytes() - before < 40 * FRAME_BYTES / 2
    for number in (0, 39):
        assert store.client.get_object(Bucket=store.bucket, Key=f"frames/{number}")["Body"].read() == frame


def _resident_bytes() -> int:
    gc.collect()  # other tests of this process may have left cycles
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


@pytest.mark.processes
def test_the_oldest_objects_make_room_for_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "_MOST_OBJECTS", 3)
    with object_store.running("counted", "us-east-1") as store:
        for key in ("a/1", "a/门口 2", "a/3", "a/1", "a/4+%"):
            _put(store, key)
        assert sorted(store.list_keys()) == ["a/1", "a/3", "a/4+%"]
    monkeypatch.setattr(object_store, "_MOST_OBJECTS", 100)
    monkeypatch.setattr(object_store, "_MOST_BYTES", 250_000)
    with object_store.running("weighed", "us-east-1") as store:
        for number in range(5):
            _put(store, f"b/{number}", b"x" * 100_000)
        assert store.list_keys() == ["b/3", "b/4"]
        _put(store, "b/larger than all", b"x" * 300_000)
        assert store.list_keys() == ["b/larger than all"]


def test_a_bucket_is_no_object() -> None:
    newest = Newest(lambda _environ, _start: [b"made"], 0, 0)
    for path in ("/bucket", "/bucket/"):
        assert newest({"REQUEST_METHOD": "PUT", "RAW_URI": path}, lambda *_: lambda _: None) == [b"made"]
    assert newest._sizes == {}


@pytest.mark.processes
def test_objects_are_fewer_than_the_files_that_this_process_may_open() -> None:
    script = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (128, 2000))\n"
        "from workbench.local.services import object_store\n"
        "print(object_store._files_for_objects(), resource.getrlimit(resource.RLIMIT_NOFILE))\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (128, 256))\n"
        "print(object_store._files_for_objects(), resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["1000 (2000, 2000)", "128 (256, 256)"]
