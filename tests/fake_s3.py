"""Fake S3 for the event store; a test chooses which writes wait or fail."""

from __future__ import annotations

import threading
from typing import Any


class FakeS3:
    """S3 with objects in memory.

    Attributes:
        objects: bodies by key, without deleted ones.
        calls: each started call, as its name and key.
        begun: set when a write has begun.
        stalled: ends of keys whose writes wait until ``released`` is set.
        failing: ends of keys whose writes fail.
    """

    def __init__(self, *, stalled: tuple[str, ...] = (), failing: tuple[str, ...] = ()) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[str, str]] = []
        self.begun = threading.Event()
        self.released = threading.Event()
        self.stalled = stalled
        self.failing = failing

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(("put", Key))
        self.begun.set()
        if Key.endswith(self.stalled):
            assert self.released.wait(10)
        if Key.endswith(self.failing):
            raise ConnectionError(f"cannot write {Key}")
        self.objects[Key] = Body
        return {}

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(("delete", Key))
        if "delete" in self.failing:
            raise ConnectionError(f"cannot delete {Key}")
        self.objects.pop(Key, None)
        return {}

    def wait_for_a_write(self) -> None:
        """Wait until a write has begun, and fail where none does."""
        assert self.begun.wait(10)

    def names(self, call: str) -> list[str]:
        """File names of the keys of all calls of this name, in order."""
        return [key.rsplit("/", 1)[1] for name, key in self.calls if name == call]
