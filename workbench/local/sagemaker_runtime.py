"""The SageMaker runtime: ``POST /endpoints/NAME/invocations`` in front of one container.

Failures have the form that boto3 turns into ``ModelError`` and ``ValidationError``; limits are those of
real-time endpoints.
"""

from __future__ import annotations

import json

import httpx
from flask import Flask, Response, request

_MAX_BODY_BYTES = 6 * 1024 * 1024
_TIMEOUT_SECONDS = 60
_PASSED_ON = ("Content-Type", "Accept", "X-Amzn-SageMaker-Inference-Id", "X-Amzn-SageMaker-Custom-Attributes")


def create_app(endpoint_name: str, container_url: str) -> Flask:
    """The runtime with one endpoint in service."""
    app = Flask(__name__)
    client = httpx.Client(base_url=container_url, timeout=_TIMEOUT_SECONDS)

    @app.post("/endpoints/<name>/invocations")
    def invoke(name: str) -> Response:
        if name != endpoint_name:
            return _error(400, "ValidationError", {"Message": f"Endpoint {name} of account not found."})
        body = request.get_data(cache=False)
        if len(body) > _MAX_BODY_BYTES:
            return _error(413, "ValidationError", {"Message": f"Request of {len(body)} bytes is too large."})
        headers = {header: request.headers[header] for header in _PASSED_ON if header in request.headers}
        try:
            answer = client.post("/invocations", content=body, headers=headers)
        except httpx.HTTPError as error:
            return _model_error(503, f"the container did not answer: {type(error).__name__}")
        if not answer.is_success:
            return _model_error(answer.status_code, answer.text)
        return Response(
            answer.content,
            content_type=answer.headers.get("Content-Type"),
            headers={"x-Amzn-Invoked-Production-Variant": "AllTraffic"},
        )

    return app


def _model_error(status: int, message: str) -> Response:
    return _error(
        424,
        "ModelError",
        {
            "Message": f'Received client error ({status}) from primary with message "{message}".',
            "OriginalStatusCode": status,
            "OriginalMessage": message,
            "LogStreamArn": "arn:aws:logs:local",
        },
    )


def _error(status: int, kind: str, document: dict[str, object]) -> Response:
    return Response(
        json.dumps(document), status=status, mimetype="application/json", headers={"x-amzn-ErrorType": kind}
    )
