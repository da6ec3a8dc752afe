"""AWS Signature Version 4 of a request whose whole body is at hand.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Who signs; ``session_token`` is empty for a user's own keys."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


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
    """The headers of a ``POST`` without a query, with those that sign it.

    Args:
        headers: what else is sent; all of it is signed.
        host: the host, with its port where it is not the scheme's.
        path: the path, percent-encoded as it is sent.
        body: what is sent; it is read, not copied.
        credentials: who signs.
        region: the service's region.
        service: the service's name in signatures.
        now: the time of the signature, in UTC; by default the present.
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
