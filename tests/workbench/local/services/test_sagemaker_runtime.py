"""Asynchronous half of the local runtime, called by boto3 as by the function."""

from __future__ import annotations

import queue
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from flask import Flask, Response, request

from workbench.local.servers.http_server import HttpServer
from workbench.local.services import object_store, sagemaker_runtime
from workbench.local.services.object_store import ObjectStore
from workbench.template.rendered_stack import AsyncQueue

pytestmark = pytest.mark.processes

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

QUEUE = AsyncQueue("async/output/", "async/failure/", 2)


def _container() -> Flask:
    """Container that echoes a request, and answers 400 to an empty one."""
    app = Flask(__name__)

    @app.post("/invocations")
    def invocations() -> Response:
        body = request.get_data()
        told = f"{request.headers['Content-Type']} {request.headers['X-Amzn-SageMaker-Inference-Id']} "
        return Response(told.encode() + body, 200 if body else 400, content_type="text/plain")

    return app


@contextmanager
def _runtime() -> Iterator[tuple[SageMakerRuntimeClient, ObjectStore]]:
    with object_store.running("bucket", "us-east-1") as objects, HttpServer(_container()) as container:
        app = sagemaker_runtime.create_app("endpoint", container.url, queue=QUEUE, objects=objects)
        with HttpServer(app) as server:
            client = boto3.client(
                "sagemaker-runtime",
                endpoint_url=server.url,
                region_name="us-east-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )
            yield client, objects


def _read(objects: ObjectStore, location: str) -> bytes:
    """Waits for the object of an S3 URI and reads it."""
    key = urllib.parse.urlsplit(location).path.lstrip("/")
    deadline = time.monotonic() + 20
    while key not in objects.list_keys():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return objects.client.get_object(Bucket=objects.bucket, Key=key)["Body"].read()


@pytest.mark.parametrize(
    ("body", "location", "prefix"),
    [(b"frame", "OutputLocation", QUEUE.output), (b"", "FailureLocation", QUEUE.failure)],
)
def test_what_comes_of_an_object_becomes_another(body: bytes, location: str, prefix: str) -> None:
    with _runtime() as (client, objects):
        objects.client.put_object(Bucket="bucket", Key="async/input/7", Body=body)
        answer = client.invoke_endpoint_async(
            EndpointName="endpoint",
            InputLocation="s3://bucket/async/input/7",
            ContentType="image/jpeg",
            InferenceId="7",
        )
        named = dict(answer)[location]
        assert answer["InferenceId"] == "7"
        assert str(named).startswith(f"s3://bucket/{prefix}")
        assert _read(objects, str(named)) == b"image/jpeg 7 " + body


@pytest.mark.parametrize(("body", "status"), [(b"frame", "Completed"), (b"", "Failed")])
def test_the_endpoint_tells_of_a_result_once_it_is_there(body: bytes, status: str) -> None:
    told: queue.Queue[tuple[Mapping[str, Any], list[str]]] = queue.Queue()
    with object_store.running("bucket", "us-east-1") as objects, HttpServer(_container()) as container:
        app = sagemaker_runtime.create_app(
            "endpoint",
            container.url,
            queue=QUEUE,
            objects=objects,
            notify=lambda message: told.put((message, objects.list_keys())),
        )
        objects.client.put_object(Bucket="bucket", Key="async/input/7", Body=body)
        words = {
            "X-Amzn-SageMaker-InputLocation": "s3://bucket/async/input/7",
            "X-Amzn-SageMaker-Content-Type": "image/jpeg",
            "X-Amzn-SageMaker-Inference-Id": "7",
        }
        answer = app.test_client().post("/endpoints/endpoint/async-invocations", headers=words)
        message, keys = told.get(timeout=20)
    assert (message["inferenceId"], message["invocationStatus"]) == ("7", status)
    where = "OutputLocation" if status == "Completed" else "FailureLocation"
    assert answer.headers[f"X-Amzn-SageMaker-{where}"].removeprefix("s3://bucket/") in keys


def test_an_asynchronous_endpoint_does_not_answer_at_once() -> None:
    with _runtime() as (client, _), pytest.raises(ClientError, match="is asynchronous"):
        client.invoke_endpoint(EndpointName="endpoint", Body=b"frame")


def test_a_content_type_is_no_longer_than_on_aws() -> None:
    too_long = "image/jpeg; classes=" + "x" * 1024
    client = sagemaker_runtime.create_app("endpoint", "http://127.0.0.1:9").test_client()
    answer = client.post("/endpoints/endpoint/invocations", data=b"frame", headers={"Content-Type": too_long})
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "ValidationError")
    with _runtime() as (queued, _), pytest.raises(ClientError, match="contentType"):
        queued.invoke_endpoint_async(
            EndpointName="endpoint", InputLocation="s3://bucket/async/input/7", ContentType=too_long
        )


def test_another_endpoint_is_none() -> None:
    with _runtime() as (client, _), pytest.raises(ClientError, match="Endpoint other of account not found"):
        client.invoke_endpoint_async(EndpointName="other", InputLocation="s3://bucket/async/input/7")


@pytest.mark.parametrize(("taken", "status"), [(True, 502), (False, 503)])
def test_a_container_that_closes_a_connection_has_failed_on_its_request(taken: bool, status: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as container:
        url = f"http://127.0.0.1:{container.getsockname()[1]}"
        closing = threading.Thread(target=_take_and_close, args=(container,))
        if taken:
            closing.start()
        else:
            container.close()  # nothing listens
        client = sagemaker_runtime.create_app("endpoint", url).test_client()
        answer = client.post("/endpoints/endpoint/invocations", data=b"frame")
        if taken:
            closing.join()
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (424, "ModelError")
    assert answer.get_json()["OriginalStatusCode"] == status


def _take_and_close(container: socket.socket) -> None:
    connection, _ = container.accept()
    with connection:
        connection.recv(65536)


@pytest.mark.parametrize(("is_serverless", "largest"), [(False, 6_291_456), (True, 4_194_304)])
def test_a_body_over_the_limit_of_its_kind_does_not_reach_the_container(is_serverless: bool, largest: int) -> None:
    with HttpServer(_container()) as container:
        app = sagemaker_runtime.create_app("endpoint", container.url, is_serverless=is_serverless)
        for size, status in ((largest, 200), (largest + 1, 413)):
            words = {"X-Amzn-SageMaker-Inference-Id": "7", "Content-Type": "image/jpeg"}
            answer = app.test_client().post("/endpoints/endpoint/invocations", data=bytes(size), headers=words)
            assert answer.status_code == status


def test_the_containers_custom_attributes_are_passed_on() -> None:
    """As SageMaker does, which passes on no other header but the content type."""
    container = Flask(__name__)
    header = "X-Amzn-SageMaker-Custom-Attributes"

    @container.post("/invocations")
    def invocations() -> Response:
        return Response("x", 201, {header: "status=201&X-Model=7", "X-Model": "7"}, content_type="text/plain")

    with HttpServer(container) as server:
        client = sagemaker_runtime.create_app("endpoint", server.url).test_client()
        answer = client.post("/endpoints/endpoint/invocations", data=b"frame")
    assert (answer.status_code, answer.headers[header], answer.headers.get("X-Model")) == (
        200,
        "status=201&X-Model=7",
        None,
    )
