"""Signatures of callers, as botocore makes them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from workbench.local.api_gateway import signatures
from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.local.api_gateway.signatures import CallerCredentials

CALLER = CallerCredentials.made("eu-west-1")
BODY = b"\xff\xd8 a frame"
QUERY = "min_confidence=0.5&max_results=3&note=a%20b"


def _signed(
    caller: CallerCredentials = CALLER,
    headers: Mapping[str, str] | None = None,
    *,
    query: str = QUERY,
    service: str = "execute-api",
) -> AWSRequest:
    request = AWSRequest(
        "POST",
        f"http://127.0.0.1:8000/prod/inference?{query}",
        data=BODY,
        headers={"Content-Type": "image/jpeg", "Host": "127.0.0.1:8000", **(headers or {})},
    )
    SigV4Auth(_credentials(caller), service, caller.region).add_auth(request)
    return request


def _credentials(caller: CallerCredentials) -> Credentials:
    return Credentials(caller.access_key_id, caller.secret_access_key)


def _came(
    sent: AWSRequest,
    changed: Mapping[str, str] | None = None,
    *,
    body: bytes = BODY,
    path: str = "/prod/inference",
    query: str | None = None,
) -> Request:
    asked = str(sent.url).partition("?")[2] if query is None else query
    headers = {**{name: str(value) for name, value in sent.headers.items()}, **(changed or {})}
    builder = EnvironBuilder(path, method="POST", data=body, headers=list(headers.items()), query_string=asked)
    environ = builder.get_environ()
    environ["HTTP_HOST"] = headers["Host"]
    environ["REQUEST_URI"] = f"{path}?{asked}"
    return Request(environ)


def _refusal(request: Request, body: bytes = BODY) -> str:
    with pytest.raises(RefusedError) as refused:
        signatures.require(request, CALLER, body)
    assert refused.value.status == 403
    return f"{refused.value.kind}: {refused.value.message}"


def test_a_right_signature_in_the_header_or_the_query() -> None:
    signatures.require(_came(_signed()), CALLER, BODY)
    declared = {"X-Amz-Content-Sha256": hashlib.sha256(BODY).hexdigest()}
    signatures.require(_came(_signed(headers=declared)), CALLER, BODY)
    through_a_proxy = _came(_signed())
    through_a_proxy.environ["REQUEST_URI"] = f"http://127.0.0.1:8000{through_a_proxy.environ['REQUEST_URI']}"
    signatures.require(through_a_proxy, CALLER, BODY)
    in_query = AWSRequest("POST", f"http://127.0.0.1:8000/prod/inference?{QUERY}")
    in_query.headers["Host"] = "127.0.0.1:8000"
    SigV4QueryAuth(Credentials(CALLER.access_key_id, CALLER.secret_access_key), "execute-api", CALLER.region).add_auth(
        in_query
    )
    signatures.require(_came(in_query, body=b""), CALLER, b"")


@pytest.mark.parametrize(
    "value", ["门口".encode(), "à côté…".encode(), b"\xe9\xff\x85", b"a  \t b ", "中\u3000文".encode()], ids=repr
)
def test_headers_are_signed_as_the_bytes_that_came(value: bytes) -> None:
    """As curl signs them. WSGI hands each byte on as a character."""
    date = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    host = b"127.0.0.1:8000"
    names = "host;x-amz-date;x-camera-id"
    headers = [b"host:" + host, b"x-amz-date:" + date.encode(), b"x-camera-id:" + b" ".join(value.split())]
    canonical = [
        b"POST",
        b"/prod/inference",
        b"",
        *headers,
        b"",
        names.encode(),
        hashlib.sha256(BODY).hexdigest().encode(),
    ]
    scope = f"{date[:8]}/{CALLER.region}/execute-api/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(b"\n".join(canonical)).hexdigest()])
    key = b"AWS4" + CALLER.secret_access_key.encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    environ = EnvironBuilder("/prod/inference", method="POST", data=BODY).get_environ()
    environ |= {
        "REQUEST_URI": "/prod/inference",
        "HTTP_HOST": host.decode(),
        "HTTP_X_AMZ_DATE": date,
        "HTTP_X_CAMERA_ID": value.decode("latin-1"),
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={CALLER.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={key.hex()}",
    }
    signatures.require(Request(environ), CALLER, BODY)
    environ["HTTP_X_CAMERA_ID"] += "x"
    assert "does not match" in _refusal(Request(environ))


@pytest.mark.parametrize(
    ("was", "becomes"), [("SignedHeaders=", "SignedHeaders=\u00e9;"), ("Signature=", "Signature=\u00e9")]
)
def test_a_signature_beyond_ascii_does_not_match(was: str, becomes: str) -> None:
    request = _came(_signed())
    request.environ["HTTP_AUTHORIZATION"] = request.environ["HTTP_AUTHORIZATION"].replace(was, becomes)
    assert "does not match" in _refusal(Request(request.environ))


def test_what_was_changed_on_the_way_does_not_match() -> None:
    does_not = "INVALID_SIGNATURE: The request signature we calculated does not match"
    assert _refusal(_came(_signed(), body=b"other"), b"other").startswith(does_not)
    assert _refusal(_came(_signed(), path="/prod/inference/7")).startswith(does_not)
    assert _refusal(_came(_signed(), {"Host": "localhost:8000"})).startswith(does_not)
    assert _refusal(_came(_signed(replace(CALLER, secret_access_key="another")))).startswith(does_not)
    assert _refusal(_came(_signed(), query=QUERY.replace("0.5", "0.1"))).startswith(does_not)
    assert _refusal(_came(_signed(headers={"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}))).startswith(does_not)


def test_other_callers_scopes_and_times() -> None:
    assert "security token included in the request is invalid" in _refusal(
        _came(_signed(replace(CALLER, access_key_id="AKIAANOTHER")))
    )
    assert "scoped to a valid region" in _refusal(_came(_signed(replace(CALLER, region="us-east-1"))))
    assert "correct service" in _refusal(_came(_signed(service="s3")))
    old = f"{datetime.now(UTC) - timedelta(minutes=6):%Y%m%dT%H%M%SZ}"
    if old[:8] == f"{datetime.now(UTC):%Y%m%d}":
        assert "Signature expired" in _refusal(_came(_signed(), {"X-Amz-Date": old}))


@pytest.mark.parametrize(
    ("authorization", "said"),
    [
        (None, "MISSING_AUTHENTICATION_TOKEN: Missing Authentication Token"),
        ("Bearer abc", "requires 'Credential' parameter"),
        ("AWS4-HMAC-SHA256 Credential=AKIA/x", "requires 'Signature' parameter"),
        ("AWS4-HMAC-SHA256 nonsense", "requires 'Credential' parameter"),
    ],
)
def test_no_signature_or_half_of_one(authorization: str | None, said: str) -> None:
    request = _came(_signed())
    if authorization is None:
        del request.environ["HTTP_AUTHORIZATION"]
    else:
        request.environ["HTTP_AUTHORIZATION"] = authorization
    assert said in _refusal(Request(request.environ))
