"""Signatures of callers, as botocore makes them."""

from __future__ import annotations

import hashlib
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
    in_query = AWSRequest("POST", f"http://127.0.0.1:8000/prod/inference?{QUERY}")
    in_query.headers["Host"] = "127.0.0.1:8000"
    SigV4QueryAuth(Credentials(CALLER.access_key_id, CALLER.secret_access_key), "execute-api", CALLER.region).add_auth(
        in_query
    )
    signatures.require(_came(in_query, body=b""), CALLER, b"")


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
