"""SageMaker runtime: ``POST /endpoints/NAME/invocations`` in front of one container.

Failures have the form that boto3 turns into ``ModelError`` and ``ValidationError``; limits are those of
the endpoint's kind. An asynchronous endpoint has ``POST /endpoints/NAME/async-invocations`` instead.
"""

from __future__ import annotations

import json
import logging
import urllib.parse
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from flask import Flask, Response, request

from workbench.local.services.object_store import ObjectStore
from workbench.template.rendered_stack import AsyncQueue

logger = logging.getLogger(__name__)

_MAX_BODY_BYTES, _MAX_SERVERLESS_BODY_BYTES = 6 * 1024 * 1024, 4 * 1024 * 1024
_LONGEST_CONTENT_TYPE = 1024  # boto3's model of ``InvokeEndpoint``
_TIMEOUT_SECONDS = 60
# A container that takes a request and then closes the connection has failed on it.
_CUT = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
_ASYNC_TIMEOUT_SECONDS = 900
_TOO_LONG = f"Value at 'contentType' failed to satisfy constraint: length less than or equal to {_LONGEST_CONTENT_TYPE}"
_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
_PASSED_ON = ("Content-Type", "Accept", "X-Amzn-SageMaker-Inference-Id", _ATTRIBUTES)
# Headers of an asynchronous request, and their names at the container.
_ASYNC_PASSED_ON = {
    "X-Amzn-SageMaker-Content-Type": "Content-Type",
    "X-Amzn-SageMaker-Accept": "Accept",
    "X-Amzn-SageMaker-Inference-Id": "X-Amzn-SageMaker-Inference-Id",
    _ATTRIBUTES: _ATTRIBUTES,
}


def create_app(
    endpoint_name: str,
    container_url: str,
    *,
    is_serverless: bool = False,
    queue: AsyncQueue | None = None,
    objects: ObjectStore | None = None,
    notify: Callable[[Mapping[str, Any]], object] | None = None,
) -> Flask:
    """Create the runtime with one endpoint in service.

    Args:
        endpoint_name: the endpoint.
        container_url: base URL of the container.
        is_serverless: whether the limits are those of a serverless endpoint.
        queue: output prefixes of an asynchronous endpoint; None for a real-time one.
        objects: the S3 that an asynchronous endpoint reads and writes.
        notify: takes the notifications of an asynchronous endpoint, or None.
    """
    app = Flask(__name__)
    # A connection for each request, so that none is left open at the end.
    client = httpx.Client(
        base_url=container_url, timeout=_TIMEOUT_SECONDS, limits=httpx.Limits(max_keepalive_connections=0)
    )
    if queue is not None and objects is not None:
        _add_async(app, endpoint_name, client, queue, objects, notify)
        return app

    @app.post("/endpoints/<name>/invocations")
    def invoke(name: str) -> Response:
        if name != endpoint_name:
            return _error(400, "ValidationError", {"Message": f"Endpoint {name} of account not found."})
        body = request.get_data(cache=False)
        if len(body) > (_MAX_SERVERLESS_BODY_BYTES if is_serverless else _MAX_BODY_BYTES):
            return _error(413, "ValidationError", {"Message": f"Request of {len(body)} bytes is too large."})
        headers = {header: request.headers[header] for header in _PASSED_ON if header in request.headers}
        if len(headers.get("Content-Type", "")) > _LONGEST_CONTENT_TYPE:
            return _error(400, "ValidationError", {"Message": _TOO_LONG})
        try:
            answer = client.post("/invocations", content=body, headers=headers)
        except httpx.HTTPError as error:
            return _model_error(502 if isinstance(error, _CUT) else 503, _no_answer(error))
        if not answer.is_success:
            return _model_error(answer.status_code, answer.text)
        attributes = {_ATTRIBUTES: answer.headers[_ATTRIBUTES]} if _ATTRIBUTES in answer.headers else {}
        return Response(
            answer.content,
            content_type=answer.headers.get("Content-Type"),
            headers={"x-Amzn-Invoked-Production-Variant": "AllTraffic", **attributes},
        )

    return app


def _add_async(
    app: Flask,
    endpoint_name: str,
    client: httpx.Client,
    queue: AsyncQueue,
    objects: ObjectStore,
    notify: Callable[[Mapping[str, Any]], object] | None,
) -> None:
    """Add an asynchronous endpoint, which reads requests from S3, writes results there and notifies of them."""
    workers = ThreadPoolExecutor(queue.concurrency, thread_name_prefix="async-endpoint")

    @app.post("/endpoints/<name>/invocations")
    def refuse(name: str) -> Response:
        return _error(400, "ValidationError", {"Message": f"Endpoint {name} is asynchronous; use InvokeEndpointAsync."})

    @app.post("/endpoints/<name>/async-invocations")
    def enqueue(name: str) -> Response:
        if name != endpoint_name:
            return _error(400, "ValidationError", {"Message": f"Endpoint {name} of account not found."})
        if len(request.headers.get("X-Amzn-SageMaker-Content-Type", "")) > _LONGEST_CONTENT_TYPE:
            return _error(400, "ValidationError", {"Message": _TOO_LONG})
        inference_id = request.headers.get("X-Amzn-SageMaker-Inference-Id", str(uuid.uuid4()))
        written = str(uuid.uuid4())
        output, failure = f"{queue.output}{written}.out", f"{queue.failure}{written}-error.out"
        headers = {
            passed: request.headers[name] for name, passed in _ASYNC_PASSED_ON.items() if name in request.headers
        }
        location = urllib.parse.urlsplit(request.headers["X-Amzn-SageMaker-InputLocation"])
        workers.submit(
            _work,
            client,
            objects,
            notify,
            source=location.path.lstrip("/"),
            inference_id=inference_id,
            headers=headers,
            output=output,
            failure=failure,
        )
        return Response(
            json.dumps({"InferenceId": inference_id}),
            status=202,
            mimetype="application/json",
            headers={
                "X-Amzn-SageMaker-OutputLocation": f"s3://{objects.bucket}/{output}",
                "X-Amzn-SageMaker-FailureLocation": f"s3://{objects.bucket}/{failure}",
            },
        )


def _work(
    client: httpx.Client,
    objects: ObjectStore,
    notify: Callable[[Mapping[str, Any]], object] | None,
    *,
    source: str,
    inference_id: str,
    headers: Mapping[str, str],
    output: str,
    failure: str,
) -> None:
    """Processes one queued request: sends its object to the container, stores the answer as an object, and notifies.

    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
    """
    try:
        has_succeeded = _processed(client, objects, source=source, headers=headers, output=output, failure=failure)
        if notify is None:
            return
        notify(
            {
                "invocationStatus": "Completed" if has_succeeded else "Failed",
                **({} if has_succeeded else {"failureReason": "ClientError: the container did not answer with 200"}),
                "requestParameters": {"inputLocation": f"s3://{objects.bucket}/{source}"},
                "responseParameters": {"outputLocation": f"s3://{objects.bucket}/{output}"},
                "inferenceId": inference_id,
                "eventVersion": "1.0",
                "eventSource": "aws:sagemaker",
                "eventName": "InferenceResult",
            }
        )
    except Exception:
        logger.exception("the asynchronous request of %s failed", source)


def _processed(
    client: httpx.Client, objects: ObjectStore, *, source: str, headers: Mapping[str, str], output: str, failure: str
) -> bool:
    """Sends a queued request to the container and stores what comes of it; True for an answer."""
    body = objects.client.get_object(Bucket=objects.bucket, Key=source)["Body"].read()
    try:
        answer = client.post("/invocations", content=body, headers=dict(headers), timeout=_ASYNC_TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        objects.client.put_object(Bucket=objects.bucket, Key=failure, Body=_no_answer(error).encode())
        return False
    objects.client.put_object(
        Bucket=objects.bucket,
        Key=output if answer.is_success else failure,
        Body=answer.content,
        ContentType=answer.headers.get("Content-Type", "binary/octet-stream"),
    )
    return answer.is_success


def _no_answer(error: httpx.HTTPError) -> str:
    return f"the container did not answer: {type(error).__name__}"


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
