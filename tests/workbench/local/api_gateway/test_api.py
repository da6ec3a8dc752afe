"""Refusals of the local API Gateway, which equal those of the rendered one."""

from __future__ import annotations

import base64
import json
import re
import socket
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.test import Client, TestResponse

from workbench.local.api_gateway.api import LIMITS, Callers, RestApi
from workbench.local.api_gateway.authorizer import Authorizer
from workbench.local.api_gateway.call import Call
from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.local.api_gateway.rehearsal import STATUSES, Rehearsal
from workbench.local.api_gateway.signatures import CallerCredentials
from workbench.local.servers.http_server import HttpServer
from workbench.local.services.lambda_service import FunctionError, LambdaFunction, ThrottledError
from workbench.places import REPOSITORY
from workbench.template.rendered_stack import render
from workbench.template.rendered_template import stand_in_account


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


@pytest.mark.parametrize("content_type", ["image/jpeg", "multipart/form-data; boundary=x", "application/json", None])
def test_every_body_reaches_the_function_as_bytes(template: dict[str, Any], content_type: str | None) -> None:
    client, function = _api(template)
    for body in (b"\xff\xd8A", b"{}"):
        assert client.post("/prod/inference", data=body, content_type=content_type).status_code == 200
    assert client.put("/prod/push").status_code == 200
    told = [(event["isBase64Encoded"], event["body"]) for event in function.events]
    assert told == [(True, "/9hB"), (True, "e30="), (False, None)]


def test_a_deflated_body_is_inflated_on_the_way(template: dict[str, Any]) -> None:
    client, function = _api(template)
    deflated = {"Content-Encoding": "deflate"}
    assert client.post("/prod/inference", data=zlib.compress(b"A" * 300), headers=deflated).status_code == 200
    (event,) = function.events
    assert base64.b64decode(event["body"]) == b"A" * 300
    assert _told(client.post("/prod/inference", data=b"A", headers=deflated)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_the_stage_is_the_first_part_of_the_path_or_a_custom_domain_stands_for_it(template: dict[str, Any]) -> None:
    client, function = _api(template)
    assert "http://localhost/prod/inference" in client.get("/").text
    for path in ("/prod/inference?min_confidence=0.5", "/inference", "/prod/inference/", "/prod//inference"):
        assert client.post(path, data=b"{}").status_code == 200, path
    told = [(each["path"], each["requestContext"]["path"], each["requestContext"]["stage"]) for each in function.events]
    assert told == [
        ("/inference", "/prod/inference", "prod"),
        ("/inference", "/inference", "prod"),
        ("/inference/", "/prod/inference/", "prod"),
        ("/inference", "/prod//inference", "prod"),
    ]
    assert {each["resource"] for each in function.events} == {"/inference"}
    for path in ("/inference", "/prod/inference", "/prod/inference/7/8"):
        assert _told(client.get(path)) == (404, "NotFound"), path


def test_paths_stay_encoded_and_queries_are_decoded(template: dict[str, Any]) -> None:
    """As AWS passes them on."""
    client, function = _api(template)
    client.post("/prod/push/%E9%97%A8+1/a%2Fb?who=a%2Bb+c&k=1;k=2&empty", data=b"{}")
    (event,) = function.events
    assert event["path"] == "/push/%E9%97%A8+1/a%2Fb"
    assert event["requestContext"]["path"] == "/prod/push/%E9%97%A8+1/a%2Fb"
    assert (event["resource"], event["pathParameters"]) == ("/push/{proxy+}", {"proxy": "%E9%97%A8+1/a%2Fb"})
    assert event["queryStringParameters"] == {"who": "a+b c", "k": "2", "empty": ""}
    assert event["multiValueQueryStringParameters"]["k"] == ["1", "2"]
    assert client.post("/prod/push?a={b}", environ_overrides={"REQUEST_URI": "/prod/push?a={b}"}).status_code == 400


def test_an_authorizer_is_asked_before_the_function(template: dict[str, Any]) -> None:
    function, words = FakeFunction(), {"camera_id": "gate-1"}
    asked: list[Call] = []

    class FakeAuthorizer:
        def words(self, call: Call) -> dict[str, str]:
            asked.append(call)
            if not call.query:
                raise RefusedError("UNAUTHORIZED", "Unauthorized")
            return words

    stack = render(
        template, {"apiAuthorization": "CAMERA", "apiThrottleBurst": "3", "apiThrottleRate": "1"}, "us-east-1"
    )
    callers = Callers(authorizer=cast(Authorizer, FakeAuthorizer()))
    client = Client(RestApi(stack, cast(LambdaFunction, function), callers))
    refused = client.post("/prod/push", data=b"a frame")
    assert (_told(refused), function.events) == ((401, "Unauthorized"), [])
    assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert client.post("/prod/push?k=secret", data=b"a frame").status_code == 200
    assert [event["requestContext"]["authorizer"] for event in function.events] == [words]
    assert client.options("/prod/push").status_code == 204
    assert _told(client.post("/prod/push"))[0] == 429  # strangers count towards the rate
    assert len(asked) == 2


def test_a_stack_of_cameras_without_its_authorizer_lets_no_one_in(template: dict[str, Any]) -> None:
    client, function = _api(template, {"apiAuthorization": "CAMERA"})
    assert client.post("/prod/push", data=b"a frame").status_code >= 500
    assert function.events == []


def test_the_function_is_told_who_signed(template: dict[str, Any]) -> None:
    function, caller = FakeFunction(), CallerCredentials.made("cn-north-1")
    stack = render(template, {"apiAuthorization": "CAMERA_IAM"}, "cn-north-1")
    client = Client(RestApi(stack, cast(LambdaFunction, function), Callers(credentials=caller)))
    assert _told(client.post("/prod/push", data=b"a frame"))[0] == 403
    sent = AWSRequest("POST", "http://localhost/prod/push", data=b"a frame", headers={"Host": "localhost"})
    credentials = Credentials(caller.access_key_id, caller.secret_access_key)
    SigV4Auth(credentials, "execute-api", "cn-north-1").add_auth(sent)
    assert client.post("/prod/push", data=b"a frame", headers=list(sent.headers.items())).status_code == 200
    (event,) = function.events
    identity = event["requestContext"]["identity"]
    assert identity["userArn"] == caller.principal == f"arn:aws-cn:iam::{stand_in_account()}:user/local"
    assert identity["caller"] == identity["user"] == f"AIDA{caller.access_key_id[4:]}"
    assert "authorizer" not in event["requestContext"]


@pytest.mark.processes
def test_names_of_headers_are_as_the_client_wrote_them(template: dict[str, Any]) -> None:
    function = FakeFunction()
    stack = render(template, {"apiAuthorization": "NONE"}, "us-east-1")
    api = RestApi(stack, cast(LambdaFunction, function), Callers())
    with (
        HttpServer(api, limits=LIMITS, refuse=api.refuse) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection,
    ):
        connection.sendall(b"POST /inference HTTP/1.0\r\ncontent-TYPE: a/b\r\nContent-Length: 1\r\nX-Me: 1\r\n\r\nx")
        assert connection.recv(65536).split()[1] == b"200"
    assert function.events[0]["headers"] == {"content-TYPE": "a/b", "X-Me": "1"}


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
    fits = b"x" * (6 * 1024 * 1024 // 4 * 3 - 3000)  # as four bytes for three, whatever its type is
    assert client.post("/prod/inference", data=fits, content_type="image/jpeg").status_code == 200
    assert _told(client.post("/prod/inference", data=fits + b"x" * 3001, content_type="image/jpeg")) == (
        413,
        "PayloadTooLarge",
    )
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
