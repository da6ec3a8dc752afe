"""AWS Signature Version 4 of a ``POST`` with its whole body in memory.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import urllib.parse
from collections.abc import Mapping
from datetime import UTC, datetime

from inference_api.settings import Credentials

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str],
    *,
    host: str,
    path: str,
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    now: datetime | None = None,
) -> dict[str, str]:
    """Sign a ``POST`` without a query, and return all its headers.

    Args:
        headers: the other headers; all are signed.
        host: the host, with its port where it is not the scheme's default.
        path: the path, percent-encoded as it is sent.
        body: the body; it is hashed, not copied.
        credentials: the signer's.
        region: the service's region.
        service: the service's name in signatures.
        now: the time of the signature, in UTC; the current time by default.
    """
    time = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "Host": host, "X-Amz-Date": time}
    if credentials.session_token:
        sent["X-Amz-Security-Token"] = credentials.session_token
    canonical = {name.lower(): " ".join(value.split()) for name, value in sorted(sent.items(), key=_lower_case)}
    names = ";".join(canonical)
    request = "\n".join(
        [
            "POST",
            urllib.parse.quote(path, safe="/~"),
            "",
            *(f"{name}:{value}" for name, value in canonical.items()),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{time[:8]}/{region}/{service}/aws4_request"
    statement = "\n".join([_ALGORITHM, time, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, statement.encode(), "sha256").hex()
    sent["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return sent


def _lower_case(header: tuple[str, str]) -> str:
    return header[0].lower()
