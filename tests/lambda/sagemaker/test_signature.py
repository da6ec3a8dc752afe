"""Signatures compared with botocore's own signer."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from unittest.mock import patch

from botocore import auth, credentials
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from inference_api.sagemaker.signature import signed
from inference_api.settings import Credentials

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30).map(str.strip)


@given(
    body=st.binary(max_size=100),
    content_type=VALUES,
    path=st.sampled_from(["/endpoints/name/invocations", "/a/endpoints/n%20%2F%E9%97%A8/invocations", "/~x/a-_."]),
    token=st.sampled_from(["", "token/+="]),
    region=st.sampled_from(["us-east-1", "cn-north-1"]),
)
def test_the_signature_is_botocores(body: bytes, content_type: str, path: str, token: str, region: str) -> None:
    headers = {"X-Amzn-SageMaker-Inference-Id": "r", "Content-Type": content_type, "Accept": "application/json"}
    ours = signed(
        headers,
        host="host:8080",
        path=path,
        body=body,
        credentials=Credentials(access_key_id="AKID", secret_access_key="secret", session_token=token),
        region=region,
        service="sagemaker",
        now=NOW,
    )
    request = AWSRequest("POST", f"https://host:8080{path}", data=body, headers={**headers, "Host": "host:8080"})
    signer = auth.SigV4Auth(credentials.Credentials("AKID", "secret", token or None), "sagemaker", region)
    with patch.object(auth, "get_current_datetime", return_value=NOW.replace(tzinfo=None)):
        signer.add_auth(request)
    assert ours == dict(request.headers.items())


def _signed(body: bytes) -> dict[str, str]:
    credentials = Credentials(access_key_id="a", secret_access_key="b")
    return signed({}, host="h", path="/", body=body, credentials=credentials, region="us-east-1", service="s")


def test_a_body_is_not_copied() -> None:
    frame = bytes(3_000_000)
    _signed(frame)  # warm up: caches that Python fills once
    tracemalloc.start()
    _signed(frame)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_the_time_is_now() -> None:
    before = datetime.now(UTC)
    headers = _signed(b"")
    told = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs((told - before).total_seconds()) < 60
    assert "X-Amz-Security-Token" not in headers
