from __future__ import annotations

import httpx
import pytest

from workbench.camera.credentials import ApiKey, Signature
from workbench.errors import WorkbenchError

URL = "https://abc123.execute-api.{}/prod/inference"


def _sent(auth: httpx.Auth, url: str, body: bytes = b"frame") -> httpx.Request:
    request = httpx.Request("POST", url, content=body, headers={"Content-Type": "image/jpeg"})
    return next(auth.sync_auth_flow(request))


def test_the_key_goes_in_the_header_that_api_gateway_reads() -> None:
    assert _sent(ApiKey("k"), URL.format("us-east-1.amazonaws.com")).headers["x-api-key"] == "k"


@pytest.mark.parametrize(
    ("host", "region"),
    [("eu-west-1.amazonaws.com", "eu-west-1"), ("cn-north-1.amazonaws.com.cn", "cn-north-1")],
)
def test_a_signature_is_for_the_region_of_the_api(host: str, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    first = _sent(Signature(), URL.format(host)).headers
    assert f"/{region}/execute-api/aws4_request" in first["Authorization"]
    assert first["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert first["X-Amz-Security-Token"] == "token"
    assert first["Content-Type"] == "image/jpeg"
    other = _sent(Signature(), URL.format(host), b"another frame").headers
    assert other["Authorization"].split("Signature=")[1] != first["Authorization"].split("Signature=")[1]


def test_without_credentials_there_is_nothing_to_sign_with(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(WorkbenchError, match="no AWS credentials"):
        Signature()
