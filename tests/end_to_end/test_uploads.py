"""End-to-end path of a file in S3: notification, queue, function, runtime, serving program, event; and its replay."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest

from tests.iou import iou

pytestmark = pytest.mark.processes

REPOSITORY = Path(__file__).resolve().parents[2]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "cn-north-1"}
_PATIENCE_SECONDS = 60


@contextmanager
def _up(logs: Path) -> Iterator[dict[str, str]]:
    """Output of ``ipc-ai up``, each line by its first word."""
    command = [sys.executable, "-m", "workbench", "up", "--port", "0", "--logs", str(logs), "--region", "cn-north-1"]
    command += ["--parameters", "detectorModelName=dlib_frontal_face", "ingestFromS3=Yes"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield dict(process.stdout.readline().strip().split(maxsplit=1) for _ in range(4))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with _up(tmp_path_factory.mktemp("uploads")) as printed:
        yield printed


def _store(printed: dict[str, str]) -> tuple[Any, str, str]:
    """Client of the local S3, its URL and the bucket."""
    parts = urlsplit(printed["Upload"])
    url = f"{parts.scheme}://{parts.netloc}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="cn-north-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return client, url, parts.path.split("/")[1]


def _wait(printed: dict[str, str]) -> list[str]:
    """Waits until the bucket has an event and no file of camera 7; returns its keys."""
    client, _, bucket = _store(printed)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        keys = [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])]
        if any(key.endswith("result.json") for key in keys) and not any("incoming/camera=7/" in key for key in keys):
            return keys
        time.sleep(0.2)
    pytest.fail(f"no event in {_PATIENCE_SECONDS} s")


def _replay(printed: dict[str, str], *words: str) -> tuple[int, dict[str, Any]]:
    _, url, _ = _store(printed)
    command = [sys.executable, "-m", "workbench", "replay", "--json", *printed["Replay"].split(), *words]
    environment = {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL_SQS": url}
    finished = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert finished.stdout, finished.stderr
    return finished.returncode, json.loads(finished.stdout)


def test_a_photograph_under_incoming_becomes_an_event_with_a_face(printed: dict[str, str], photograph: Path) -> None:
    where = printed["Upload"].replace("ID", "7").replace("NAME", "2026/a.png")
    assert httpx.put(where, content=photograph.read_bytes(), timeout=30).status_code == 200
    keys = _wait(printed)
    assert [key.rsplit("/", 1)[1] for key in keys] == ["frame.png", "result.json"]
    client, _, bucket = _store(printed)
    event = json.loads(client.get_object(Bucket=bucket, Key=keys[1])["Body"].read())
    assert (event["camera_id"], event["client_request_id"]) == ("7", "incoming/camera=7/2026/a.png")
    assert iou(event["result"]["bbox_coords"][0], [176, 81, 273, 178]) > 0.8


def test_what_is_no_image_stays_and_is_told_with_its_reason(printed: dict[str, str]) -> None:
    where = printed["Upload"].replace("ID", "8").replace("NAME", "a.jpg")
    assert httpx.put(where, content=b"<html>", timeout=30).status_code == 200
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (said := _replay(printed, "--dry-run")[1]["messages"]):
        assert time.monotonic() < deadline
    assert said == [
        {
            "files": ["incoming/camera=8/a.jpg"],
            "code": "InvalidImage",
            "reason": "the file is no JPEG, PNG, WebP or BMP; upload the image as the camera encodes it",
        }
    ]
    client, _, bucket = _store(printed)
    assert client.get_object(Bucket=bucket, Key="incoming/camera=8/a.jpg")["Body"].read() == b"<html>"
