"""The requests of stock devices in the folder named by IPC_CASES, each beside what must become of it.

A case is a folder with ``request.http`` and ``meta.json``. A case of kind ``broken`` tells the event's type only
where it is not null.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from camera_push import reader
from camera_push.push import Kind, Push, Sent, UnreadableError
from tests.camera_envelopes import roles, time

FOLDER = os.environ.get("IPC_CASES")
CASES = sorted(Path(FOLDER).glob("*/meta.json")) if FOLDER else []

pytestmark = pytest.mark.skipif(not CASES, reason="IPC_CASES names no folder of cases")


def _sent(case: Path) -> Sent:
    """The request behind a listener: without its credentials, chunks put together."""
    head, _, body = (case / "request.http").read_bytes().partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, *_ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs if name.lower() != "authorization"}
    if "chunked" in headers.get("transfer-encoding", ""):
        body = b"".join(_chunks(body))
    path = "" if target.startswith("HTTP/") else target.replace("__PATH__", "")
    return Sent(method, path, {}, headers, body)


def _chunks(body: bytes) -> list[bytes]:
    found = []
    while body:
        size, _, body = body.partition(b"\r\n")
        found.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :] if int(size, 16) else b""
    return found


def _facts(push: Push) -> dict[str, Any]:
    raw, zone, utc = time(push) or (None, None, None)
    return {
        "vendor": push.vendor,
        "event_type": push.event_type,
        "event_state": push.event_state,
        "camera_id": push.camera_id,
        "ids": dict(push.ids),
        "channel": push.channel,
        "time": None if raw is None else {"raw": raw, "zone": zone, "utc": utc},
    }


@pytest.mark.parametrize("meta_file", CASES, ids=lambda path: path.parent.name)
def test_case(meta_file: Path) -> None:
    meta = json.loads(meta_file.read_text(encoding="utf-8"))
    is_refused = not meta["must_accept"]
    if is_refused and (meta["layer"] == "http" or meta["auth"] != "any"):
        pytest.skip("refused before its body is read")
    try:
        push = reader.read(_sent(meta_file.parent))
    except UnreadableError:
        assert is_refused
        return
    expected = {name: meta[name] for name in _facts(push)}
    if meta["kind"] == "broken" and expected["event_type"] is None:
        expected["event_type"] = push.event_type
    assert _facts(push) == expected
    assert bool(push.broken) == is_refused
    if is_refused:
        return
    assert (push.kind is Kind.EVENT) == meta["stores_event"]
    listed = meta["pictures"]["list"]
    assert roles(push) == [picture["role"] for picture in listed]
    for picture, wanted in zip(push.pictures, listed, strict=True):
        digests = {wanted["sha256"], *wanted.get("sha256_alt", [])}
        assert hashlib.sha256(picture.body).hexdigest() in digests
