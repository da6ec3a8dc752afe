from __future__ import annotations

import base64

import pytest

from inference_api.proxy import Api, Request, Response
from tests.lambda_events import as_request, proxy_event


def _api() -> Api:
    api = Api(expose_headers=["X-One", "X-Two"])

    @api.route("POST", "/things")
    def make() -> Response:
        return Response(201, "text/plain", "made")

    @api.route("GET", "/things/{thing_id}")
    def show(thing_id: str) -> Response:
        return Response(200, "text/plain", thing_id.encode(), {"X-One": "1"})

    return api


def _answer(method: str, path: str) -> Response | None:
    answers = _api().answering(as_request({**proxy_event(None, path=path), "httpMethod": method}))
    return answers and answers()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/things", "made"),
        ("POST", "/things/", "made"),
        ("GET", "/things/7-a_b", b"7-a_b"),
        ("GET", "/things", None),
        ("PUT", "/things", None),
        ("GET", "/things/", None),
        ("GET", "/things/7/parts", None),
        ("POST", "/v1/things", None),
        ("POST", "/thingsandmore", None),
    ],
)
def test_methods_and_paths(method: str, path: str, body: str | bytes | None) -> None:
    answer = _answer(method, path)
    assert (answer and answer.body) == body


def test_text_passes_as_text_and_bytes_in_base64() -> None:
    api, request = _api(), as_request(proxy_event(None))
    assert api.document(request, Response(200, "text/plain", "a text")) == {
        "statusCode": 200,
        "body": "a text",
        "isBase64Encoded": False,
        "multiValueHeaders": {"Content-Type": ["text/plain"]},
    }
    document = api.document(request, Response(200, "application/x-npy", b"\x93", {"X-One": "1"}))
    assert (document["isBase64Encoded"], base64.b64decode(document["body"])) == (True, b"\x93")
    assert document["multiValueHeaders"] == {"Content-Type": ["application/x-npy"], "X-One": ["1"]}


def test_a_page_of_any_origin_may_read_the_answer() -> None:
    request = as_request(proxy_event(None, Origin="https://console"))
    headers = _api().document(request, Response(404, "text/plain", "no"))["multiValueHeaders"]
    assert headers["Access-Control-Allow-Origin"] == ["*"]
    assert headers["Access-Control-Expose-Headers"] == ["X-One,X-Two"]


def test_a_request_without_anything() -> None:
    request = Request({"httpMethod": "POST", "path": "/", "headers": None, "body": None}, "lambda-1")
    assert (request.headers, request.body, request.query, request.repeated_query) == ({}, "", {}, {})
    assert request.request_id == "lambda-1"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("gate-1", "gate-1"),
        ("门口", "门口"),
        ("门口".encode().decode("latin-1"), "门口"),
        ("📷".encode().decode("latin-1"), "📷"),
        ("caf\xe9", "caf\xe9"),  # Latin-1, and not UTF-8
        ("UTF-8''%E9%97%A8%E5%8F%A3", "门口"),
        ("utf-8'zh'gate%201", "gate 1"),
        ("gate%201", "gate%201"),
    ],
)
def test_words_of_clients_are_utf_8(sent: str, read: str) -> None:
    assert Request({"headers": {"X-Camera-Id": sent}}, "1").word("x-camera-id") == read


def test_a_header_that_was_not_sent() -> None:
    assert Request({"headers": None}, "1").word("x-camera-id") is None


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("frame 7", "frame 7"),
        ("a\r\nSet-Cookie: b=1", "UTF-8''a%0D%0ASet-Cookie%3A%20b%3D1"),
        ("门口", "UTF-8''%E9%97%A8%E5%8F%A3"),
        ("UTF-8''%E9%97%A8", "UTF-8''%E9%97%A8"),
        ("\xe9\x97\xa8", "UTF-8''%E9%97%A8"),  # as API Gateway may hand bytes over
        ("\ud800", "UTF-8''%3F"),
        ("x" * 300, "x" * 256),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_the_clients_own_id_comes_back_beside_ours(sent: str | None, echoed: str | None) -> None:
    headers = {} if sent is None else {"X_Request_Id": sent}
    event = proxy_event(b"jpeg", content_type="image/jpeg", **headers)
    answer = Api(expose_headers=[]).document(as_request(event), Response(400, "text/plain", "no"))
    assert answer["multiValueHeaders"].get("X-Client-Request-Id") == (None if echoed is None else [echoed])
