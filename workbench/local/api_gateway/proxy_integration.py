"""Proxy integration: requests as the function's events, and its answers as responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import time
from collections.abc import Collection, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from workbench.template.rendered_api import RenderedMethod

# API Gateway manages the connection itself.
_OF_THE_CONNECTION = ("Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade")


def is_binary(request: Request, binary_media_types: Collection[str]) -> bool:
    """Return whether the body travels in base64: the header as it is, with all its parameters, is one of the types.

    AWS's page does not say that parameters are passed over, so a client that counts on it is refused here already.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
    """
    return request.headers.get("Content-Type", "").strip() in binary_media_types


def takes_binary(request: Request, binary_media_types: Collection[str]) -> bool:
    """Return whether an answer in base64 becomes bytes: the first type of ``Accept`` decides, not the answer's own.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
    """
    first = request.headers.get("Accept", "").split(",")[0].split(";")[0].strip()
    return first in binary_media_types


def encoded_bytes(request: Request, body_bytes: int, binary_media_types: Collection[str]) -> int:
    """Least number of bytes of a body in the event: four for three in base64, and as text no fewer than it has."""
    return -(-body_bytes // 3) * 4 if is_binary(request, binary_media_types) else body_bytes


def event(
    request: Request,
    method: RenderedMethod,
    body: bytes,
    *,
    path: str,
    stage: str,
    parameters: Mapping[str, str],
    binary_media_types: Collection[str],
    request_id: str,
) -> dict[str, Any]:
    """Write a request as the function gets it.

    Args:
        request: the request.
        method: the method that it calls.
        body: its body. Text that is not UTF-8 gets replacement characters.
        path: its path below the stage.
        stage: name of the stage.
        parameters: values of the path's parameters.
        binary_media_types: content types of bodies that travel in base64.
        request_id: its id.
    """
    binary = is_binary(request, binary_media_types)
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name, []).append(value)
    queries = request.args.to_dict(flat=False)
    return {
        "resource": method.path,
        "path": path,
        "httpMethod": method.http_method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in queries.items()} or None,
        "multiValueQueryStringParameters": queries or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": request_id,
            "stage": stage,
            "path": request.path,
            "resourcePath": method.path,
            "httpMethod": method.http_method,
            "requestTimeEpoch": int(time.time() * 1000),
            "identity": {"sourceIp": request.remote_addr, "userAgent": request.headers.get("User-Agent")},
        },
        "body": (base64.b64encode(body).decode() if binary else body.decode(errors="replace")) or None,
        "isBase64Encoded": binary,
    }


def response(answer: Mapping[str, Any], *, binary: bool) -> Response:
    """Write the function's answer as the client gets it."""
    body = answer.get("body") or ""
    written = Response(
        base64.b64decode(body) if binary and answer.get("isBase64Encoded") else body, status=int(answer["statusCode"])
    )
    written.headers.pop("Content-Type")
    for name, value in (answer.get("headers") or {}).items():
        written.headers[name] = str(value)
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        for value in values:
            written.headers.add(name, str(value))
    for name in _OF_THE_CONNECTION:
        written.headers.remove(name)
    return written


def mock_response(method: RenderedMethod) -> Response:
    """First response of a mock integration, which answers the preflight of CORS."""
    (answer, *_) = method.integration["IntegrationResponses"]
    prefix = "method.response.header."
    headers = {
        name.removeprefix(prefix): value.strip("'") for name, value in answer.get("ResponseParameters", {}).items()
    }
    return Response(status=int(answer["StatusCode"]), headers=headers)
