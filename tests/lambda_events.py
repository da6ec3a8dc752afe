"""Events of API Gateway's proxy integration."""

from __future__ import annotations

import base64
import json
from typing import Any

from inference_api.proxy import Request


def proxy_event(
    body: bytes | str | None,
    *,
    content_type: str | None = None,
    path: str = "/inference",
    method: str = "POST",
    **headers: str,
) -> dict[str, Any]:
    """Event of a request; bytes are in base64, text is unchanged."""
    if content_type is not None:
        headers["Content-Type"] = content_type
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": named or None,
        "multiValueHeaders": {name: [value] for name, value in named.items()} or None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"requestId": "request-1", "stage": "prod", "path": f"/prod{path}", "httpMethod": method},
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }


def older_client_event(image: bytes, **more: Any) -> dict[str, Any]:
    """Event of an earlier version's client: JSON, no Content-Type, an integer as request id."""
    document = {
        "timestamp": "1614000000.0",
        "request_id": 1242322,
        "image_base64_enc": base64.b64encode(image).decode(),
    }
    return proxy_event(json.dumps(document | more))


def with_query(event: dict[str, Any], **query: str) -> dict[str, Any]:
    """The event with query parameters."""
    several = {name: [value] for name, value in query.items()}
    return event | {"queryStringParameters": query, "multiValueQueryStringParameters": several}


def multipart_event(*parts: tuple[str, bytes], path: str = "/inference", **headers: str) -> dict[str, Any]:
    """Event of a form, each part a name and its bytes: pictures as curl writes ``-F NAME=@FILE``, text bare."""
    body = b"".join(
        b'--boundary\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (name.encode(), b'; filename="a.jpg"\r\nContent-Type: image/jpeg' if content[:1] > b"\x7f" else b"", content)
        for name, content in parts
    )
    kind = "multipart/form-data; boundary=boundary"
    return proxy_event(body + b"--boundary--\r\n", content_type=kind, path=path, **headers)


def as_request(event: dict[str, Any]) -> Request:
    """Request that the handler makes of an event."""
    return Request(event, "lambda-1")
