"""The whole function with ``apiAuthorization=CAMERA``: what it lets in, and what it writes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from inference_api import handler
from inference_api.identity.door import Door
from tests.camera_tables import Gate, drawn, event
from tests.fake_endpoint import CONTEXT, FakeEndpoint
from tests.jpegs import jpeg

PATHS = ("/inference", "/push", "/push/gate-1/NotificationInfo/TollgateInfo", "/elsewhere")


def posted(headers: dict[str, str], query: dict[str, str] | None, path: str) -> dict[str, Any]:
    sent = event(headers | {"Content-Type": "image/jpeg"}, query, path=path)
    sent["requestContext"] |= {"stage": "prod", "path": f"/prod{path}", "httpMethod": "POST"}
    sent |= {"body": base64.b64encode(jpeg()).decode(), "isBase64Encoded": True}
    return handler.handler(sent, CONTEXT)


def ways(gate: Gate) -> list[tuple[dict[str, str], dict[str, str] | None]]:
    key = gate.key.text
    digest = {"Authorization": 'Digest username="gate-1", realm="", nonce="", uri="/", response="0"'}
    return [
        (gate.basic(), None),
        (gate.basic(password=key), None),
        ({"Authorization": f"Bearer {key}"}, None),
        ({"x-api-key": key}, None),
        (digest, {"k": key}),
        ({}, {"key": key}),
    ]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("is_right", [True, False])
def test_a_credential_opens_each_path_and_is_in_no_line_answer_or_event(
    bucket: Any,
    endpoint: FakeEndpoint,
    entrance: Door,
    gate: Gate,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    path: str,
    is_right: bool,
) -> None:
    caplog.set_level("DEBUG")
    sender = gate if is_right else Gate(gate.camera, drawn()[0])
    answers = [posted(headers, query, path) for headers, query in ways(sender)]
    assert {answer["statusCode"] for answer in answers} == ({200} if is_right else {401})
    if not is_right:
        assert all(answer["multiValueHeaders"]["WWW-Authenticate"] == ['Basic realm="camera"'] for answer in answers)
    stored = [item.get()["Body"].read().decode(errors="replace") for item in bucket.objects.all()]
    assert len(stored) == (2 * len(answers) if is_right else 0)
    output = capfd.readouterr()
    asked = [repr(vars(call)) if hasattr(call, "__dict__") else repr(call) for call in endpoint.requests]
    everything = "\n".join([output.out, output.err, caplog.text, json.dumps(answers), *stored, *asked])
    assert "gate-1" in everything
    for secret in (sender.key.secret, sender.basic()["Authorization"].split()[1]):
        assert secret not in everything


def test_a_strangers_heartbeat_is_answered_and_a_strangers_frame_is_not(endpoint: FakeEndpoint, entrance: Door) -> None:
    beat = handler.handler(event(method="GET", path="/"), CONTEXT)
    assert (beat["statusCode"], json.loads(beat["body"])) == (200, {"result": True})
    assert posted({}, None, "/push")["statusCode"] == 401
    assert posted({}, None, "/elsewhere")["statusCode"] == 401
