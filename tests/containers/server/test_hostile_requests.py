"""Whatever a client sends, the container answers 200 or a clear 4xx: real images and JSON, damaged at random."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from ipc_ai_serving import frames
from ipc_ai_serving.applications import detection
from ipc_ai_serving.frames import FrameReader
from ipc_ai_serving.hooks.application import Application
from ipc_ai_serving.requests.object_store import ObjectStore
from ipc_ai_serving.server.app import create_app
from ipc_ai_serving.server.host import ApplicationHost
from ipc_ai_serving.settings import Settings
from tests.detection_options import DETECTION_OPTIONS
from tests.tiny_models import write_yolox_onnx

EXAMPLES = int(os.environ.get("HOSTILE_REQUESTS", "1000"))
RAMP = np.linspace(0, 255, 48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
IMAGES = [cv2.imencode(extension, RAMP)[1].tobytes() for extension in (".jpg", ".png", ".webp", ".bmp")]
OBJECTS = ["0.jpg", "1.png", "2.webp", "3.bmp", "cut.jpg", "empty", "large"]
CONTENT_TYPES = st.sampled_from(
    [
        None,
        "",
        "image/jpeg",
        "image/png",
        "image/jpeg; min_confidence=0.5; max_results=2",
        "image/jpeg; min_confidence=NaN",
        "image/jpeg; min_confidence=1e400; max_results=99999999999999999999; min_confidence=0.5",
        "image/jpeg; normalized=; max_results",
        f"image/jpeg; {'; '.join(f'{name}=1e400; {name}=9999999999' for name in DETECTION_OPTIONS)}",
        f'image/jpeg; max_results="{"[" * 5000}"',
        "image/png; max_results=1e99; normalized=[",
        "application/json",
        "application/json; charset=utf-16",
        "application/octet-stream",
        "text/plain",
        ";;=;",
        "image/jpeg; =",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

OPTIONS = ["short_size", *DETECTION_OPTIONS]
HOSTILE_NUMBERS = st.sampled_from([float("nan"), float("inf"), 10**400, -1, 0, 0.5, "0.5", True, [0.5], {}, "", 1e-320])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("model")
    write_yolox_onnx(folder / "yolox_nano.onnx")
    chosen = Settings(application_type="body-detection", model_name="yolox_nano", model_dir=folder)
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="frames")
        for name, body in zip(OBJECTS, [*IMAGES, IMAGES[0][:99], b"", bytes(60_000)], strict=True):
            client.put_object(Bucket="frames", Key=name, Body=body)
        store = ObjectStore(client, max_object_bytes=50_000)
        reader = FrameReader(max_pixels=chosen.max_frame_pixels, fetch=store.fetch)
        patch.setattr(detection, "settings", lambda: chosen)
        patch.setattr(frames, "frame_reader", lambda: reader)
        hooks = Application(detection.model_fn, detection.input_fn, detection.predict_fn, detection.output_fn)
        host = ApplicationHost(lambda: hooks, str(folder), queue_limit=4)
        host.load()
        yield create_app(host, max_body_bytes=1_000_000).test_client()


def _damaged(draw: st.DrawFn, body: bytes) -> bytes:
    damaged = bytearray(body)
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + draw(st.integers(1, 4))] = draw(st.binary(max_size=4))
        if not damaged:
            return b""
    return bytes(damaged[: draw(st.integers(0, len(damaged)))] if draw(st.booleans()) else damaged)


@st.composite
def _uris(draw: st.DrawFn) -> str:
    """The URI of an object, whole or with letters changed, left out and put in."""
    letters = list(f"s3://frames/{draw(st.sampled_from(OBJECTS))}")
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        at = draw(st.integers(0, len(letters)))
        letters[at : at + draw(st.integers(0, 3))] = draw(
            st.text(max_size=4) | st.sampled_from(["..", "/", ":", "%00"])
        )
    return "".join(letters)


@st.composite
def _several(draw: st.DrawFn) -> dict[str, Any]:
    """One of the forms with several frames, some of them damaged, or something else in their place."""
    images = st.builds(lambda image: base64.b64encode(image).decode(), st.sampled_from(IMAGES) | _damaged_images())
    key = draw(st.sampled_from(["images_bytes", "images_base64_enc", "images", "images"]))
    listed: list[Any] = draw(st.lists(_uris() if key == "images" else images, min_size=1, max_size=4))
    if draw(st.integers(0, 4)) == 0:
        listed.insert(draw(st.integers(0, len(listed))), draw(VALUES))
    return {key: listed} | draw(st.dictionaries(st.just("clip"), st.booleans() | VALUES))


@st.composite
def _damaged_images(draw: st.DrawFn) -> bytes:
    return _damaged(draw, draw(st.sampled_from(IMAGES)))


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    kind = draw(
        st.sampled_from(["several", "several", "image", "json", "several", "damaged json", "any json", "bytes"])
    )
    image = draw(_damaged_images())
    if kind == "image":
        return image
    if kind == "bytes":
        return draw(st.binary(max_size=200))
    if kind == "any json":
        return json.dumps(draw(VALUES)).encode()
    several = kind == "several" or draw(st.booleans())
    document = draw(_several()) if several else {"image_bytes": base64.b64encode(image).decode()}
    wrong = st.sampled_from([*OPTIONS, "image_bytes", "images_bytes", "images", "clip", "other"])
    if draw(st.integers(0, 2)) == 0:
        document |= draw(st.dictionaries(st.sampled_from(OPTIONS), HOSTILE_NUMBERS, max_size=2))
    if draw(st.integers(0, 2)) == 0:
        document |= draw(st.dictionaries(wrong, VALUES, max_size=3))
    text = json.dumps(document).encode()
    return _damaged(draw, text) if kind == "damaged json" else text


@st.composite
def _requests(draw: st.DrawFn) -> tuple[bytes, str | None]:
    """A body and its content type, which is that of the body more often than not."""
    body = draw(_bodies())
    return body, None if draw(st.integers(0, 2)) else draw(CONTENT_TYPES)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(sent=_requests())
def test_no_request_is_answered_with_5xx(client: FlaskClient, sent: tuple[bytes, str | None]) -> None:
    body, content_type = sent
    answer = client.post("/invocations", data=body, content_type=content_type)
    event(f"answered {answer.status_code}")
    assert answer.status_code in (200, 400, 403, 404, 413, 415), answer.text
    document = json.loads(answer.text)
    if answer.status_code == 200:
        for found in document.get("results", [document]):
            assert list(found) == ["width", "height", "channels", "bbox_scores", "bbox_coords", "bbox_labels"]
    else:
        assert sorted(document["error"]) == ["code", "message", "request_id"]
        assert "Traceback" not in answer.text


def test_the_next_good_frame_works(client: FlaskClient, tmp_path: Path) -> None:
    for body in (IMAGES[0][:50], b"", b"{}"):
        assert client.post("/invocations", data=body, content_type="image/jpeg").status_code == 400
    for image in IMAGES:
        assert client.post("/invocations", data=image).status_code == 200
