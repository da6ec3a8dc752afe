"""Refusals of the local API Gateway, which equal those of the rendered one."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from werkzeug.test import Client, TestResponse

from workbench.local.api_gateway.api import LIMITS, Callers, RestApi
from workbench.local.api_gateway.rehearsal import STATUSES, Rehearsal
from workbench.local.api_gateway.signatures import CallerCredentials
from workbench.local.http_server import HttpServer
from workbench.local.lambda_service import FunctionError, LambdaFunction, ThrottledError
from workbench.places import REPOSITORY
from workbench.template.rendered_stack import render

COMPARISON = {"applicationType": "face-comparison"}
CUSTOM = {"applicationType": "custom", "modelDataUrl": "s3://bucket/model.tar.gz"}


class FakeFunction:
    """Function that answers 200 and keeps the events, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._failure = failure

    def invoke(self, event: bytes, *, patience_seconds: float) -> dict[str, Any]:
        self.events.append(json.loads(event))
        if self._failure is not None:
            raise self._failure
        return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}


def _api(
    template: dict[str, Any],
    given: Mapping[str, str] | None = None,
    *,
    failure: Exception | None = None,
    rehearsal: Rehearsal | None = None,
) -> tuple[Client, FakeFunction]:
    function = FakeFunction(failure)
    stack = render(template, {"apiAuthorization": "NONE", **(given or {})}, "us-east-1")
    api = RestApi(stack, cast(LambdaFunction, function), Callers(key="secret"), rehearsal)
    return Client(api), function


def _told(answer: TestResponse) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, json.loads(answer.data)["error"]["code"]


@pytest.mark.parametrize(
    "body",
    [
        b"hello there",
        b"\xff\xd8\xff\xe0 a frame",
        b'{"image_base64_enc": 3}',
        b'{"image_base64_enc": "AAAA", "timestamp": NaN}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body)[:40],
)
@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json; charset=utf-8"}])
def test_json_that_does_not_fit_never_reaches_the_function(
    template: dict[str, Any], headers: dict[str, str], body: bytes
) -> None:
    client, function = _api(template)
    answer = client.post("/prod/inference", data=body, headers=headers)
    error = json.loads(answer.data)["error"]
    assert (answer.status_code, error["code"]) == (400, "InvalidRequest")
    assert "image_base64_enc is a string" in error["message"]
    assert function.events == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b'{"image_base64_enc": "AAAA"}'),
        (None, b""),
        ("image/jpeg", b"\xff\xd8\xff\xe0 a frame"),
        ("application/x-www-form-urlencoded", b"hello there"),
        ("text/json", b'{"image_base64_enc": 3}'),
        ("APPLICATION/JSON", b'{"image_base64_enc": 3}'),
    ],
)
def test_what_fits_or_has_no_model_is_the_functions(
    template: dict[str, Any], content_type: str | None, body: bytes
) -> None:
    client, function = _api(template)
    assert client.post("/prod/inference", data=body, content_type=content_type).status_code == 200
    assert len(function.events) == 1


def test_each_kind_of_application_has_its_own_model(template: dict[str, Any]) -> None:
    client, function = _api(template, COMPARISON)
    refused = client.post("/prod/inference", data=b'{"image_base64_enc": "AAAA"}')
    assert "source_image" in json.loads(refused.data)["error"]["message"]
    assert client.post("/prod/inference", data=b'{"source_image": "AAAA"}').status_code == 200
    client, function = _api(template, CUSTOM)
    assert client.post("/prod/inference", data=b"1,2,3").status_code == 200
    assert len(function.events) == 1


@pytest.mark.parametrize(
    ("content_type", "binary"),
    [
        ("image/jpeg", True),
        ("application/octet-stream", True),
        ("image/jpeg; charset=binary", False),
        ("image/jpeg;q=1", False),
        ("IMAGE/JPEG", False),
        ("image/gif", False),
        ("text/plain", False),
    ],
)
def test_a_body_is_binary_by_the_exact_type_alone(template: dict[str, Any], content_type: str, binary: bool) -> None:
    client, function = _api(template)
    assert client.post("/prod/inference", data=b"\xff\xd8A", headers={"Content-Type": content_type}).status_code == 200
    (event,) = function.events
    assert (event["isBase64Encoded"], event["body"]) == ((True, "/9hB") if binary else (False, "\ufffd\ufffdA"))


def test_the_stage_is_the_first_part_of_the_path(template: dict[str, Any]) -> None:
    client, function = _api(template)
    for path in ("/inference", "/", "/production/inference", "/PROD/inference"):
        outside = client.post(path, data=b"{}")
        assert (outside.status_code, outside.data) == (403, b'{"message":"Missing Authentication Token"}'), path
    for path in ("/prod", "/prod/", "/prod/nothing", "/prod/inference/"):
        assert _told(client.post(path, data=b"{}")) == (404, "NotFound"), path
    assert "http://localhost/prod/inference" in client.get("/").text
    client.post("/prod/inference?min_confidence=0.5", data=b"{}")
    (event,) = function.events
    assert (event["path"], event["requestContext"]["path"]) == ("/inference", "/prod/inference")
    assert event["requestContext"]["stage"] == "prod"


@pytest.mark.processes
@pytest.mark.parametrize("authorization", ["NONE", "AWS_IAM"])
@pytest.mark.parametrize(
    "head",
    [
        b"POST //prod/inference?aaaa\x97 HTTP/1.1\r\nHost: x",
        b"POST /prod/inference?%ff=\x97&\xe9 HTTP/1.1\r\nHost: x",
        b"POST /prod/inference HTTP/1.1\r\nHost: [",
        b"POST /prod/inference HTTP/1.1\r\nHost: \xe9/?#@[",
        b"GET //prod/inference?\x97 HTTP/1.1\r\nHost: [",
        b"POST http://[::1/prod/inference HTTP/1.1\r\nHost: x",
        b"POST http://\xe9:99999999/prod/inference HTTP/1.1\r\nHost: x",
        b"POST /prod/inference HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000,
        b"POST /prod/inference HTTP/1.1\r\nHost: x\r\nContent-Type: \xe9\x97\r\nAccept: \xe9",
    ],
    ids=lambda head: repr(head)[:60],
)
def test_no_odd_request_is_a_fault_of_the_api(
    template: dict[str, Any], caplog: pytest.LogCaptureFixture, head: bytes, authorization: str
) -> None:
    stack = render(template, {"apiAuthorization": authorization}, "us-east-1")
    caller = CallerCredentials.made("us-east-1")
    api = RestApi(stack, cast(LambdaFunction, FakeFunction()), Callers(credentials=caller))
    if authorization == "AWS_IAM":
        today = f"{datetime.now(UTC):%Y%m%d}"
        scope = f"{caller.access_key_id}/{today}/us-east-1/execute-api/aws4_request"
        head += f"\r\nX-Amz-Date: {datetime.now(UTC):%Y%m%dT%H%M%SZ}\r\nAuthorization: AWS4-HMAC-SHA256 ".encode()
        head += f"Credential={scope}, SignedHeaders=host;x-amz-date, Signature=\u00e9".encode("latin-1")
    with (
        HttpServer(api, limits=LIMITS, refuse=api.refuse) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
    ):
        connection.sendall(head + b"\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status, body = int(answer.split()[1]), json.loads(answer.partition(b"\r\n\r\n")[2])
    assert status in ({400, 403, 404} if authorization == "AWS_IAM" else {200, 400, 404}), answer
    assert status == 200 or "message" in body.get("error", body)
    assert caplog.text == ""


def test_the_signpost_names_the_host_where_it_is_one(template: dict[str, Any]) -> None:
    client, _ = _api(template)
    for host in ("camera-1.local:8000", "[::1]:8000", "127.0.0.1"):
        assert f"POST http://{host}/prod/inference;" in client.get("/", headers={"Host": host}).text
    for host in ("[", "a b", "x/y?z", "\u00e9", "a:b", ""):
        overrides = {"HTTP_HOST": host, "SERVER_PORT": "8000"}
        assert "POST http://127.0.0.1:8000/prod/inference;" in client.get("/", environ_overrides=overrides).text


def test_limits_of_header_and_event(template: dict[str, Any]) -> None:
    client, function = _api(template)
    headers = {"Content-Type": "image/jpeg", "X-Camera-Id": "c" * 10_100}
    assert client.post("/prod/inference", data=b"x", headers=headers).status_code == 200
    headers["X-Camera-Id"] = "c" * 10_240
    refused = client.post("/prod/inference", data=b"x", headers=headers)
    assert (refused.status_code, "larger than 10240" in refused.text) == (431, True)
    environ = {"REQUEST_URI": "/prod/inference?q=" + "x" * 10_240}
    assert client.post("/prod/inference", environ_overrides=environ).status_code == 431
    fits = b"x" * (6 * 1024 * 1024 // 4 * 3 - 3000)
    assert client.post("/prod/inference", data=fits, content_type="image/jpeg").status_code == 200
    assert _told(client.post("/prod/inference", data=fits + b"x" * 3001, content_type="image/jpeg")) == (
        413,
        "PayloadTooLarge",
    )
    # As text each byte that is not UTF-8 becomes three.
    assert _told(client.post("/prod/inference", data=b"\xff" * 2_200_000, content_type="text/plain"))[0] == 413
    assert len(function.events) == 2


def test_rate_burst_and_quota_are_the_parameters(template: dict[str, Any]) -> None:
    client, function = _api(template, {"apiThrottleRate": "1", "apiThrottleBurst": "3"})
    answers = [client.post("/prod/inference", data=b"{}") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert (_told(answers[-1])[1], answers[-1].headers["Retry-After"]) == ("THROTTLED", "1")
    client, function = _api(template, {"apiAuthorization": "API_KEY", "apiMonthlyQuota": "2"})
    assert _told(client.post("/prod/inference", data=b"{}")) == (403, "InvalidApiKey")
    keyed = [client.post("/prod/inference", data=b"{}", headers={"X-Api-Key": "secret"}) for _ in range(3)]
    assert [answer.status_code for answer in keyed] == [200, 200, 429]
    assert _told(keyed[-1])[1] == "QUOTA_EXCEEDED"
    assert len(function.events) == 2


@pytest.mark.parametrize(
    ("failure", "told", "retry_after"),
    [
        (ThrottledError(), (503, "ServiceUnavailable"), "1"),
        (TimeoutError(), (504, "Timeout"), None),
        (FunctionError("it raised"), (502, "DEFAULT_5XX"), None),
        (KeyError("a fault of the local API"), (500, "DEFAULT_5XX"), None),
    ],
)
def test_a_function_that_gives_no_answer(
    template: dict[str, Any], failure: Exception, told: tuple[int, str], retry_after: str | None
) -> None:
    client, _ = _api(template, failure=failure)
    answer = client.post("/prod/inference", data=b"{}")
    assert (_told(answer), answer.headers.get("Retry-After")) == (told, retry_after)


def test_failures_come_in_turn_for_each_camera(template: dict[str, Any]) -> None:
    client, function = _api(template, rehearsal=Rehearsal((429, 502, 503)))

    def send(camera: str) -> TestResponse:
        return client.post("/prod/inference", data=b"{}", headers={"X-Camera-Id": camera})

    first = [send("a") for _ in range(3)]
    assert [_told(answer) for answer in first] == [
        (429, "THROTTLED"),
        (502, "ModelFailed"),
        (503, "ServiceUnavailable"),
    ]
    assert [answer.headers.get("Retry-After") for answer in first] == ["1", None, "1"]
    assert send("b").status_code == 429
    assert [send("a").status_code for _ in range(5)] == [200, 429, 502, 503, 200]
    assert len(function.events) == 2


@pytest.mark.parametrize("status", STATUSES)
def test_each_failure_has_a_code_of_the_apis_page(template: dict[str, Any], status: int) -> None:
    client, _ = _api(template, rehearsal=Rehearsal((status,)))
    told = _told(client.post("/prod/inference", data=b"{}"))
    page = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
    assert told[0] == status
    assert re.search(rf"^\| {status} \|.*`{told[1]}`", page, re.MULTILINE), told


def test_a_delay_counts_towards_the_29_seconds(template: dict[str, Any]) -> None:
    waited: list[float] = []
    client, function = _api(template, rehearsal=Rehearsal(delay_seconds=5, sleep=waited.append))
    assert client.post("/prod/inference", data=b"{}").status_code == 200
    client, function = _api(template, rehearsal=Rehearsal(delay_seconds=40, sleep=waited.append))
    assert _told(client.post("/prod/inference", data=b"{}")) == (504, "Timeout")
    assert (waited, function.events) == ([5, 29], [])
