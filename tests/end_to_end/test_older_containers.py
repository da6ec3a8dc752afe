"""A container of the first guide behind the whole service, for clients old and new: API, function, runtime, events."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests import older_container
from workbench.local import service
from workbench.local.child_process import ChildProcess
from workbench.local.container import container_engine
from workbench.local.container.serving_container import wait_until_ready
from workbench.local.service import LocalService
from workbench.template.rendered_stack import render

pytestmark = pytest.mark.processes

FRAME = b"\xff\xd8\xff\xe0 a frame"
SHA256 = hashlib.sha256(FRAME).hexdigest()
BASE64 = base64.b64encode(FRAME).decode()
GIVEN = {
    "apiAuthorization": "NONE",
    "applicationType": "body-detection",
    "detectorModelName": "my-detector",
    "faceDetectAndCompareModelName": "my-detector+my-embedder",
    "containerImageUri": "210987654321.dkr.ecr.us-east-1.amazonaws.com/guide:latest",
    "containerRequestFormat": "json",
    "saveRequestEvents": "Yes",
}


@contextmanager
def _older_container(
    image: str, environment: Mapping[str, str], *, log: Path, **_: Any
) -> Iterator[tuple[str, ChildProcess]]:
    """The container as a process, in place of the engine that would run its image."""
    assert environment["OBJECT_DETECTION_MODEL_NAME"] == "my-detector"
    # The S3 of this run, at the address that containers reach.
    assert environment["AWS_ENDPOINT_URL_S3"].startswith("http://127.0.0.2:")
    s3 = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    assert any(bucket["Name"].startswith("local-events") for bucket in s3.list_buckets()["Buckets"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, older_container.__file__, str(port)]
    with ChildProcess(command, environment=environment, directory=Path.cwd(), log=log) as program:
        wait_until_ready(program, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}", program


@contextmanager
def _up(template: dict[str, Any], logs: Path, **given: str) -> Iterator[LocalService]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(container_engine, "running", _older_container)
        patched.setattr(container_engine, "address_of_this_machine", lambda image: "127.0.0.2")
        stack = render(template, GIVEN | given, "us-east-1")
        with service.running(stack, port=0, model_store=logs, logs=logs) as running:
            yield running


@pytest.fixture(scope="module")
def up(template: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    with _up(template, tmp_path_factory.mktemp("older"), ingestFromS3="Yes") as running:
        for key in running.events.list_keys():  # moto keeps those of earlier tests of this process
            running.events.client.delete_object(Bucket=running.events.bucket, Key=key)
        yield running


def _events(up: LocalService) -> list[dict[str, Any]]:
    keys = [key for key in up.events.list_keys() if key.endswith("/result.json")]
    read = [up.events.client.get_object(Bucket=up.events.bucket, Key=key)["Body"].read() for key in keys]
    return [json.loads(text, parse_constant=pytest.fail) for text in read]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps({"timestamp": "1", "request_id": 7, "image_base64_enc": BASE64}).encode(), {}),
        (json.dumps({"image_base64_enc": BASE64}).encode(), {"Content-Type": "application/json"}),
        (FRAME, {"Content-Type": "image/jpeg"}),
        (FRAME, {"Content-Type": "image/x-image"}),
        (FRAME, {"Content-Type": "application/octet-stream"}),
    ],
)
def test_every_client_gets_the_containers_answer(up: LocalService, body: bytes, headers: dict[str, str]) -> None:
    answer = httpx.post(up.api_url, content=body, headers={"X-Camera-Id": "gate", **headers}, timeout=30)
    expected = {"image_bytes": SHA256, "short_size": 416, "bbox_scores": [[0.5]], "nan": None}
    assert (answer.status_code, answer.headers["X-Event-Stored"]) == (200, "true")
    assert json.loads(answer.text, parse_constant=pytest.fail) == expected
    assert expected in [event["result"] for event in _events(up)]


def test_a_camera_with_a_name_in_utf_8_has_a_key_of_its_own(up: LocalService) -> None:
    for name in ("门口", "📷"):
        headers = [(b"Content-Type", b"image/jpeg"), (b"X-Camera-Id", name.encode())]
        assert httpx.post(up.api_url, content=FRAME, headers=headers, timeout=30).status_code == 200
    kept = {event["camera_id"]: event["frames"]["frame"].split("/")[2] for event in _events(up)}
    assert {"门口", "📷"} <= set(kept)
    assert kept["门口"] != kept["📷"]


def test_an_uploaded_file_reaches_the_container_too(up: LocalService) -> None:
    up.events.client.put_object(Bucket=up.events.bucket, Key="incoming/camera=yard/a.jpg", Body=FRAME)
    deadline = time.monotonic() + 60
    while not (found := [event for event in _events(up) if event["camera_id"] == "yard"]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert found[0]["result"]["image_bytes"] == SHA256


@pytest.mark.parametrize("declared", ["IMAGE/JPEG", "image/gif", "text/plain; charset=binary"])
def test_an_image_under_another_type_reaches_the_container(up: LocalService, declared: str) -> None:
    answer = httpx.post(up.api_url, content=FRAME, headers={"Content-Type": declared}, timeout=30)
    assert (answer.status_code, answer.json()["image_bytes"]) == (200, SHA256)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code", "says"),
    [
        (b"\xff\xd8\xffbroken", {"Content-Type": "image/jpeg"}, 400, "InvalidRequest", "the picture is broken"),
        (b'{"images_base64_enc": ["AA=="]}', {}, 400, "InvalidRequest", "one image a request"),
        (b'{"image_base64_enc": "AA==", "max_results": 1}', {}, 400, "InvalidRequest", "leave 'max_results' out"),
        (b"\xff\xd8\xff" * 1_572_864, {"Content-Type": "image/jpeg"}, 413, "PayloadTooLarge", "base64"),
    ],
)
def test_refusals_are_clear(
    up: LocalService, body: bytes, headers: dict[str, str], status: int, code: str, says: str
) -> None:
    answer = httpx.post(up.api_url, content=body, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert says in answer.json()["error"]["message"]
    assert "X-Event-Stored" not in answer.headers


def test_a_pair_through_an_asynchronous_endpoint(template: dict[str, Any], tmp_path: Path) -> None:
    pair = {"source_image": BASE64, "target_image": BASE64, "timestamp": "1", "request_id": 7}
    with _up(template, tmp_path, applicationType="face-comparison", endpointType="async") as up:
        answer = httpx.post(up.api_url, json=pair, timeout=30)
    assert (answer.status_code, answer.json()["source_image_bytes"]) == (200, SHA256)
    assert (answer.json()["target_image_bytes"], answer.json()["nan"]) == (SHA256, None)
