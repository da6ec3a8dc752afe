"""Whatever a client sends, the container answers 200 or a clear 4xx: real images and JSON, damaged at random."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applications import detection
from serving.app import create_app
from serving.application import Application
from serving.host import ApplicationHost
from serving.settings import Settings
from tests.tiny_models import write_yolox_onnx

EXAMPLES = int(os.environ.get("HOSTILE_REQUESTS", "1000"))
RAMP = np.linspace(0, 255, 48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
IMAGES = [cv2.imencode(extension, RAMP)[1].tobytes() for extension in (".jpg", ".png", ".webp", ".bmp")]
CONTENT_TYPES = st.sampled_from(
    [
        None,
        "",
        "image/jpeg",
        "image/png",
        "image/jpeg; min_confidence=0.5; max_results=2",
        "image/jpeg; min_confidence=NaN",
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


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("model")
    write_yolox_onnx(folder / "yolox_nano.onnx")
    chosen = Settings(application_type="body-detection", model_name="yolox_nano", model_dir=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detection, "settings", lambda: chosen)
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
def _bodies(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["image", "json", "damaged json", "any json", "bytes"]))
    image = _damaged(draw, draw(st.sampled_from(IMAGES)))
    if kind == "image":
        return image
    if kind == "bytes":
        return draw(st.binary(max_size=200))
    if kind == "any json":
        return json.dumps(draw(VALUES)).encode()
    keys = st.sampled_from(["image_bytes", "short_size", "min_confidence", "max_results", "normalized", "other"])
    document = {"image_bytes": base64.b64encode(image).decode()} | draw(st.dictionaries(keys, VALUES, max_size=3))
    text = json.dumps(document).encode()
    return _damaged(draw, text) if kind == "damaged json" else text


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=_bodies(), content_type=CONTENT_TYPES)
def test_no_request_is_answered_with_5xx(client: FlaskClient, body: bytes, content_type: str | None) -> None:
    answer = client.post("/invocations", data=body, content_type=content_type)
    assert answer.status_code in (200, 400, 413, 415), answer.text
    document = json.loads(answer.text)
    if answer.status_code == 200:
        assert list(document) == ["width", "height", "channels", "bbox_scores", "bbox_coords"]
    else:
        assert sorted(document["error"]) == ["code", "message", "request_id"]
        assert "Traceback" not in answer.text


def test_the_next_good_frame_works(client: FlaskClient, tmp_path: Path) -> None:
    for body in (IMAGES[0][:50], b"", b"{}"):
        assert client.post("/invocations", data=body, content_type="image/jpeg").status_code == 400
    for image in IMAGES:
        assert client.post("/invocations", data=image).status_code == 200
