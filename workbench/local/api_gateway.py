"""API Gateway: the rendered routes in front of the function, with its limits and gateway responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import json
import logging
import re
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from jsonschema import Draft4Validator
from werkzeug.exceptions import HTTPException

from workbench.local.lambda_service import FunctionError, LambdaFunction
from workbench.template.rendered_stack import RenderedMethod, RenderedStack

logger = logging.getLogger(__name__)

_MAX_BODY_BYTES = 10 * 1024 * 1024
_MAX_EVENT_BYTES = 6 * 1024 * 1024  # Lambda's limit for a synchronous invocation
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(stack: RenderedStack, function: LambdaFunction, key: str) -> Flask:
    """Create the API of a rendered stack. The stage is left out of the path.

    Throttling and quotas are not enforced. A signature has to be present, but this machine cannot verify it.

    Args:
        stack: the stack.
        function: the function behind the routes.
        key: the API key, where the stack requires one.
    """
    app = Flask(__name__)

    @app.route("/", defaults={"path": ""}, methods=_METHODS, provide_automatic_options=False)
    @app.route("/<path:path>", methods=_METHODS, provide_automatic_options=False)
    def answer(path: str) -> Response:
        request_id = str(uuid.uuid4())
        method, parameters = _route(stack, f"/{path}", request.method)
        if method is None:
            return _gateway_response(stack, "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token", request_id)
        if method.requires_signature and not _is_signed():
            return _gateway_response(stack, "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token", request_id)
        if method.requires_key and not secrets.compare_digest(
            request.headers.get("X-Api-Key", "").encode(), key.encode()
        ):
            return _gateway_response(stack, "INVALID_API_KEY", "Forbidden", request_id)
        if method.integration["Type"] == "MOCK":
            return _mock(method)
        body = request.get_data(cache=False)
        if len(body) > _MAX_BODY_BYTES:
            return _gateway_response(stack, "REQUEST_TOO_LARGE", "Request Entity Too Large", request_id)
        if not _fits(body, method.models.get(_media_type())):
            return _gateway_response(stack, "BAD_REQUEST_BODY", "Invalid request body", request_id)
        event = _proxy_event(stack, method, body, request_id, parameters)
        if len(event["body"] or "") > _MAX_EVENT_BYTES:
            return _gateway_response(stack, "REQUEST_TOO_LARGE", "Request Entity Too Large", request_id)
        try:
            return _http_response(function.invoke(event), binary=_takes_binary(stack))
        except FunctionError as error:
            logger.error("the function failed: %s", error)
            return _gateway_response(stack, "DEFAULT_5XX", "Internal server error", request_id)

    @app.errorhandler(Exception)
    def own_failure(error: Exception) -> Response:
        """Answer failures of HTTP itself: a broken body is the client's error, any other is the server's."""
        request_id = str(uuid.uuid4())
        if isinstance(error, HTTPException | OSError):
            return _gateway_response(stack, "DEFAULT_4XX", "Bad Request", request_id)
        logger.exception("the local API failed")
        return _gateway_response(stack, "DEFAULT_5XX", "Internal server error", request_id)

    return app


def _route(stack: RenderedStack, path: str, http_method: str) -> tuple[RenderedMethod | None, dict[str, str]]:
    """Find the method for a path, with the values of its path parameters; None where there is none."""
    for method in stack.methods:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(method.path))
        found = re.fullmatch(pattern, path)
        if found and method.http_method == http_method:
            return method, found.groupdict()
    return None, {}


def _is_signed() -> bool:
    """Return whether the request has a Signature 4, in a header or in its query."""
    return request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 ") or "X-Amz-Signature" in request.args


def _media_type() -> str:
    """Type of the body, compared exactly. Without a Content-Type API Gateway takes the body as JSON, so as text."""
    return request.headers.get("Content-Type", "application/json").split(";")[0].strip()


def _fits(body: bytes, schema: Mapping[str, Any] | None) -> bool:
    """Return whether a body is JSON that fits the model for its type; without a model or a body it passes."""
    if schema is None or not body:
        return True
    try:
        document = json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return False
    return bool(Draft4Validator(schema).is_valid(document))


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is Python's, not JSON's")


def _proxy_event(
    stack: RenderedStack, method: RenderedMethod, body: bytes, request_id: str, parameters: Mapping[str, str]
) -> dict[str, Any]:
    binary = _media_type() in stack.binary_media_types
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name, []).append(value)
    queries = request.args.to_dict(flat=False)
    return {
        "resource": method.path,
        "path": request.path,
        "httpMethod": method.http_method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in queries.items()} or None,
        "multiValueQueryStringParameters": queries or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": request_id,
            "stage": "prod",
            "path": request.path,  # as with a custom domain name, which omits the stage, too
            "resourcePath": method.path,
            "httpMethod": method.http_method,
            "requestTimeEpoch": int(time.time() * 1000),
            "identity": {"sourceIp": request.remote_addr, "userAgent": request.headers.get("User-Agent")},
        },
        "body": (base64.b64encode(body).decode() if binary else body.decode(errors="replace")) or None,
        "isBase64Encoded": binary,
    }


def _takes_binary(stack: RenderedStack) -> bool:
    """Return whether an answer in base64 becomes bytes: the first type of ``Accept`` decides, not the answer's own.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
    """
    first = request.headers.get("Accept", "").split(",")[0].split(";")[0].strip()
    return first in stack.binary_media_types


def _http_response(answer: Mapping[str, Any], *, binary: bool) -> Response:
    body = answer.get("body") or ""
    response = Response(
        base64.b64decode(body) if binary and answer.get("isBase64Encoded") else body, status=int(answer["statusCode"])
    )
    response.headers.pop("Content-Type")
    for name, value in (answer.get("headers") or {}).items():
        response.headers[name] = str(value)
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        for value in values:
            response.headers.add(name, str(value))
    return response


def _mock(method: RenderedMethod) -> Response:
    """First response of a mock integration, which answers the preflight of CORS."""
    (answer, *_) = method.integration["IntegrationResponses"]
    prefix = "method.response.header."
    headers = {
        name.removeprefix(prefix): value.strip("'") for name, value in answer.get("ResponseParameters", {}).items()
    }
    return Response(status=int(answer["StatusCode"]), headers=headers)


def _gateway_response(stack: RenderedStack, kind: str, message: str, request_id: str) -> Response:
    """Gateway response, rendered by the stack's template for it."""
    usual_status = {
        "MISSING_AUTHENTICATION_TOKEN": 403,
        "INVALID_API_KEY": 403,
        "BAD_REQUEST_BODY": 400,
        "REQUEST_TOO_LARGE": 413,
        "DEFAULT_4XX": 400,
    }.get(kind, 500)
    rendered = stack.gateway_responses.get(kind, {})
    template = rendered.get("ResponseTemplates", {}).get(
        "application/json", '{"message": $context.error.messageString}'
    )
    context = {
        "$context.error.messageString": json.dumps(message),
        "$context.error.responseType": kind,
        "$context.requestId": request_id,
    }
    for name, value in context.items():
        template = template.replace(name, value)
    response = Response(template, status=int(rendered.get("StatusCode", usual_status)), mimetype="application/json")
    for name, text in rendered.get("ResponseParameters", {}).items():
        response.headers[name.removeprefix("gatewayresponse.header.")] = text.strip("'")
    return response
