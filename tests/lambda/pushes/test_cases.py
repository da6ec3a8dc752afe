"""The byte-exact requests of a folder of cases, as events of API Gateway; skipped without the folder."""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from inference_api import handler as module
from inference_api.identity.caller import Caller
from inference_api.pushes import broken_pictures, door
from tests.fake_endpoint import CONTEXT, FakeEndpoint

FOLDER = Path(os.environ.get("IPC_CASES", "/nowhere"))
CASES = sorted(case.parent for case in FOLDER.rglob("meta.json"))
# What the server in front refuses or the authorizer does, before the function sees a request.
OF_OTHERS = {"refuse-dahua-empty-digest", "refuse-length-and-chunked"}


def _event(case: Path, path: str) -> dict[str, Any]:
    head, body = (case / "request.http").read_bytes().split(b"\r\n\r\n", 1)
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.replace("__PATH__", path).split(" ")
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        body = _unchunked(body)
    url = urllib.parse.urlsplit(target)
    query = dict(urllib.parse.parse_qsl(url.query))
    return {
        "resource": "/{proxy+}",
        "path": url.path,
        "httpMethod": method,
        "headers": headers,
        "queryStringParameters": query or None,
        "requestContext": {"requestId": "request-1", "path": f"/prod{url.path}"},
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        whole, body = whole + rest[:length], rest[length + 2 :] if length else b""
    return whole


@pytest.mark.skipif(not CASES, reason="IPC_CASES names no folder of cases")
@pytest.mark.parametrize("known", [True, False], ids=["known", "anyone"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case(case: Path, known: bool, endpoint: FakeEndpoint, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = json.loads((case / "meta.json").read_text(encoding="utf-8"))
    if meta["name"] in OF_OTHERS:
        pytest.skip("refused before the function")
    if known:
        caller = Caller(camera_id="gate-1", scopes=frozenset({"frames", "read"}), is_known=True)
        monkeypatch.setattr(module, "identify", lambda _: caller)
    monkeypatch.setattr(door, "refusals", broken_pictures.Refusals())
    handle = functools.partial(module.handler, context=CONTEXT)
    answer = handle(_event(case, "/push"))
    assert answer["statusCode"] in meta["status"], answer
    written = {item.key: item for item in bucket.objects.all()}
    assert any(key.endswith("result.json") for key in written) == meta["stores_event"]
    if not meta["stores_event"]:
        assert not written
        return
    (result,) = (item for key, item in written.items() if key.endswith("result.json"))
    event = json.loads(result.get()["Body"].read())
    assert len(event["frames"]) == meta["pictures"]["count"] == len(event["push"]["pictures"])
    roles = [picture["role"] for picture in event["push"]["pictures"]]
    assert roles == [each["role"] for each in meta["pictures"]["list"]]
    assert event["push"]["channel"] == meta["channel"]
    assert event["push"]["camera_claim"] == meta["camera_id"]
    assert event["camera_id"] == ("gate-1" if known else meta["camera_id"] or "unknown")
    sizes = [len(bucket.Object(key).get()["Body"].read()) for key in event["frames"].values()]
    assert sizes == [each["bytes"] for each in meta["pictures"]["list"]]
    if re.match("dahua|broken-dahua", meta["name"]) and "KeepAlive" not in meta["name"]:
        assert json.loads(answer["body"])
