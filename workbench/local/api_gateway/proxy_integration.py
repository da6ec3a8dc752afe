"""Proxy integration: requests as the function's events, and its answers as responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from workbench.local.api_gateway.call import API_ID, Call
from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.local.servers.request_parser import HEADER_NAMES
from workbench.template.rendered_api import RenderedMethod

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
_NOT_OF_EVENTS = (
    *("Connection", "Content-Length", "Content-Md5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "Te"),
    *("Trailer", "Transfer-Encoding", "Upgrade", "Www-Authenticate"),
)
_NOT_OF_ANSWERS = (
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)
_REMAPPED = (
    *("authorization", "connection", "content-md5", "date", "max-forwards", "server", "user-agent"),
    *("via", "www-authenticate"),
)
_IDENTITY = ("accessKey", "accountId", "caller", "user", "userArn")


def encoded_bytes(body_bytes: int) -> int:
    """Number of bytes of a body in the event: four for three, because every body travels in base64."""
    return -(-body_bytes // 3) * 4


def description(call: Call) -> dict[str, Any]:
    """Write all of an event but the body: what the function and the authorizer are told alike."""
    request = call.request
    written = request.environ.get(HEADER_NAMES, {})
    headers = {
        written.get(name.upper().replace("-", "_"), name): [value]
        for name, value in request.headers.items()
        if name not in _NOT_OF_EVENTS
    }
    return {
        "resource": call.method.path,
        "path": call.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in call.query.items()} or None,
        "multiValueQueryStringParameters": dict(call.query) or None,
        "pathParameters": dict(call.parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": call.account,
            "apiId": API_ID,
            "requestId": call.request_id,
            "stage": call.stage,
            "path": call.full_path,
            "resourcePath": call.method.path,
            "httpMethod": request.method,
            "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "requestTimeEpoch": int(time.time() * 1000),
            "identity": {
                **dict.fromkeys(_IDENTITY),
                "sourceIp": request.remote_addr,
                "userAgent": request.headers.get("User-Agent"),
                **call.identity,
            },
        },
    }


def event(call: Call, body: bytes) -> dict[str, Any]:
    """Write a request as the function's event."""
    written = description(call)
    if call.authorizer is not None:
        written["requestContext"]["authorizer"] = call.authorizer
    encoded = base64.b64encode(body).decode() or None
    return {**written, "body": encoded, "isBase64Encoded": encoded is not None}


def response(answer: Mapping[str, Any]) -> Response:
    """Write the function's answer as the client gets it. One in base64 becomes bytes for every ``Accept``."""
    body = answer.get("body") or ""
    written = Response(
        base64.b64decode(body) if answer.get("isBase64Encoded") else body, status=int(answer["statusCode"])
    )
    written.headers.pop("Content-Type")
    for name, value in (answer.get("headers") or {}).items():
        _write(written, name, [value])
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        _write(written, name, values)
    return written


def _write(written: Response, name: str, values: list[Any]) -> None:
    """Write a header, under another name or not at all where API Gateway keeps the name for itself."""
    if name.lower() in _NOT_OF_ANSWERS:
        return
    told = f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name
    written.headers.pop(told, None)
    for value in values:
        written.headers.add(told, str(value))


def mock_response(method: RenderedMethod) -> Response:
    """First response of a mock integration, which answers the preflight of CORS.

    Raises:
        RefusedError: the request stays binary, which the template of a mock integration cannot read.
    """
    if method.integration.get("ContentHandling") != "CONVERT_TO_TEXT":
        raise RefusedError("API_CONFIGURATION_ERROR", "Internal server error")
    (answer, *_) = method.integration["IntegrationResponses"]
    prefix = "method.response.header."
    headers = {
        name.removeprefix(prefix): value.strip("'") for name, value in answer.get("ResponseParameters", {}).items()
    }
    return Response(status=int(answer["StatusCode"]), headers=headers)
