"""Every form of a request with frames, its S3 a dictionary."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ipc_ai_serving import frames
from ipc_ai_serving.errors import ClientError, InvalidImageError, ObjectNotFoundError, PayloadTooLargeError
from ipc_ai_serving.frames import FrameReader
from ipc_ai_serving.requests import content


def _png(height: int, width: int, value: int = 0) -> bytes:
    return cv2.imencode(".png", np.full((height, width, 3), value, np.uint8))[1].tobytes()


OBJECTS = {"s3://b/0.png": _png(40, 60, 7), "s3://b/1.png": _png(40, 60, 9), "s3://b/wide.png": _png(40, 80)}
BROKEN = _png(40, 60)[:50]


def _fetch(uris: Sequence[str]) -> list[bytes]:
    for uri in uris:
        if uri not in OBJECTS:
            raise ObjectNotFoundError(f"{uri} is not there")
    return [OBJECTS[uri] for uri in uris]


@pytest.fixture
def reader() -> FrameReader:
    return FrameReader(max_pixels=5000, fetch=_fetch)


def _shape(body: bytes) -> tuple[int, ...]:
    decoded = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.shape


def _text(image: bytes) -> str:
    return base64.b64encode(image).decode()


@pytest.mark.parametrize("key", ["image_bytes", "image_base64_enc"])
def test_one_image_in_base64(reader: FrameReader, key: str) -> None:
    found = reader.of_document({key: _text(_png(40, 60)), "images": None, "clip": "ignored as it always was"})
    assert (found.mode, [frame.shape for frame in found.frames]) == ("frame", [(40, 60, 3)])


def test_an_image_where_a_uri_should_be_is_named_by_its_first_letters() -> None:
    """As it was sent, though reading the JSON has decoded it."""
    asked: list[str] = []

    def fetch(uris: Sequence[str]) -> list[bytes]:
        asked.extend(uris)
        raise ObjectNotFoundError("none")

    text = _text(bytes(range(256)) * 20)
    document = content.json_object(json.dumps({"images": ["s3://b/0.png", text]}).encode())
    with pytest.raises(ObjectNotFoundError):
        FrameReader(max_pixels=5000, fetch=fetch).of_document(document)
    assert asked == ["s3://b/0.png", text[:80]]


@pytest.mark.parametrize("key", ["images_bytes", "images_base64_enc"])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_several_images_in_base64(reader: FrameReader, key: str, count: int) -> None:
    images = [_text(_png(16, 16 + number)) for number in range(count)]
    found = reader.of_document({key: images})
    assert (found.mode, [frame.shape[1] for frame in found.frames]) == ("batch", list(range(16, 16 + count)))


@pytest.mark.parametrize(
    ("uris", "more", "mode"),
    [
        (["s3://b/0.png"], {}, "frame"),
        (["s3://b/0.png"], {"clip": False}, "frame"),
        (["s3://b/0.png", "s3://b/wide.png"], {}, "batch"),
        (["s3://b/0.png", "s3://b/1.png"], {"clip": None}, "batch"),
        (["s3://b/0.png", "s3://b/1.png"], {"clip": True}, "clip"),
        (["s3://b/0.png"], {"clip": True}, "clip"),
    ],
)
def test_modes_of_uris(reader: FrameReader, uris: list[str], more: dict[str, Any], mode: str) -> None:
    found = reader.of_document({"images": uris, **more})
    assert found.mode == mode
    assert [frame.shape for frame in found.frames] == [_shape(OBJECTS[uri]) for uri in uris]


@pytest.mark.parametrize(
    ("document", "kind", "says"),
    [
        ({}, ClientError, "'image_bytes' is missing"),
        ({"images_bytes": None}, ClientError, "'image_bytes' is missing"),
        (
            {"image_bytes": "x", "images": ["s3://b/0.png"]},
            ClientError,
            "only one of the keys 'image_bytes' and 'images'",
        ),
        ({"images_bytes": ["x"], "images_base64_enc": ["x"]}, ClientError, "only one of"),
        ({"images_bytes": []}, ClientError, "a list of 1 to 20 images in base64"),
        ({"images_bytes": "text"}, ClientError, "a list of 1 to 20"),
        ({"images_bytes": [_text(_png(16, 16))] * 21}, ClientError, "a list of 1 to 20"),
        ({"images_bytes": [_text(_png(16, 16)), 3]}, ClientError, r"'images_bytes\[1\]' must be a string"),
        ({"images_bytes": [_text(_png(16, 16)), "%"]}, InvalidImageError, r"'images_bytes\[1\]' is not valid base64"),
        ({"images_bytes": [_text(_png(16, 16)), _text(BROKEN)]}, InvalidImageError, "frame 1, counted from 0: the PNG"),
        ({"images_bytes": [_text(_png(16, 16)), ""]}, InvalidImageError, "frame 1, .* the image is empty"),
        ({"images_bytes": [_text(_png(80, 80)), "AAAA"]}, PayloadTooLargeError, "frame 0, .* 80 x 80 pixels"),
        (
            {"images_bytes": [_text(_png(60, 60))] * 3},
            PayloadTooLargeError,
            "10800 pixels together; send at most 10000",
        ),
        ({"images": []}, ClientError, "a list of 1 to 16 S3 URIs"),
        ({"images": "s3://b/0.png"}, ClientError, "a list of 1 to 16 S3 URIs"),
        ({"images": ["s3://b/0.png", 3]}, ClientError, "a list of 1 to 16 S3 URIs"),
        ({"images": ["s3://b/0.png"] * 17}, ClientError, "a list of 1 to 16 S3 URIs"),
        ({"images": ["s3://b/0.png"], "clip": "yes"}, ClientError, "'clip' must be true or false"),
        ({"images": ["s3://b/0.png", "s3://b/gone.png"]}, ObjectNotFoundError, "s3://b/gone.png"),
        (
            {"images": ["s3://b/0.png", "s3://b/wide.png"], "clip": True},
            ClientError,
            "one size; frame 0 has 60 x 40 pixels, and frame 1 has 80 x 40",
        ),
    ],
)
def test_what_is_refused(reader: FrameReader, document: dict[str, Any], kind: type[ClientError], says: str) -> None:
    with pytest.raises(kind, match=says) as raised:
        reader.of_document(document)
    assert type(raised.value) is kind


@pytest.fixture
def own_hooks(reader: FrameReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "frame_reader", lambda: reader)


@pytest.mark.usefixtures("own_hooks")
def test_arrays_for_users_own_hooks() -> None:
    one = frames.read_frames(_png(40, 60, 5), "image/png")
    assert isinstance(one, np.ndarray)
    assert one.dtype == np.uint8
    assert (one.shape, one.max()) == ((40, 60, 3), 5)
    batch = frames.read_frames(json.dumps({"images": ["s3://b/0.png", "s3://b/wide.png"]}), "application/json")
    assert [frame.shape for frame in batch] == [(40, 60, 3), (40, 80, 3)]
    assert isinstance(batch, list)
    clip = frames.read_frames(
        json.dumps({"images": ["s3://b/0.png", "s3://b/1.png"], "clip": True}), "application/json"
    )
    assert isinstance(clip, np.ndarray)
    assert (clip.shape, clip[0].max(), clip[1].min()) == ((2, 40, 60, 3), 7, 9)


@pytest.mark.usefixtures("own_hooks")
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("[[1, 2], [3, 4]]", "application/json"),
        ('{"instances": [1]}', "application/json"),
        ('{"image_bytes"', "application/json"),
        ("1,2", "text/csv"),
        (b"\x93NUMPY", "application/x-npy"),
    ],
)
def test_what_holds_no_frames_is_left_to_others(body: bytes | str, content_type: str) -> None:
    assert frames.frames_in(body, content_type) is None


@pytest.mark.processes
def test_s3_is_not_loaded_for_other_requests() -> None:
    """The client of S3 takes half a second and 30 MB."""
    source = (
        "from ipc_ai_serving.applications import detection; import sys, cv2, numpy;"
        "detection.input_fn(cv2.imencode('.png', numpy.zeros((20, 20, 3), 'uint8'))[1].tobytes(), 'image/png');"
        "sys.exit('boto3' in sys.modules)"
    )
    program = Path(frames.__file__).parents[1]
    environment = {"PYTHONPATH": f"{program}:{program.parents[2] / 'catalogue'}"}
    finished = subprocess.run([sys.executable, "-c", source], cwd=program, env=environment, check=False)
    assert finished.returncode == 0
