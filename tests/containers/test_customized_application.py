"""containers/customized-application as it stands: the quality of a frame."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from ipc_ai_serving import frames
from ipc_ai_serving.errors import ClientError, InvalidImageError, UnsupportedMediaTypeError
from ipc_ai_serving.hooks import user_application
from ipc_ai_serving.hooks.user_application import UserHooks
from ipc_ai_serving.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "containers" / "customized-application"
Frame = npt.NDArray[Any]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[bytes], Any]]:
    """The application as the image runs it: its code beside, not in, the model data."""
    named = Settings(application_type="custom", model_name="my-model")
    monkeypatch.setattr(user_application, "settings", lambda: named)
    path = list(sys.path)
    hooks = UserHooks.load(tmp_path, code_dir=FOLDER)
    model = hooks.model_fn(str(tmp_path))

    def answered(body: bytes, content_type: str = "image/jpeg") -> Any:
        data = hooks.input_fn(body, content_type)
        return json.loads(hooks.output_fn(hooks.predict_fn(data, model), None)[0])

    yield answered
    sys.path[:] = path
    del sys.modules["inference"]


def _jpeg(frame: Any) -> bytes:
    return cv2.imencode(".jpg", np.clip(frame, 0, 255).astype(np.uint8))[1].tobytes()


PROBLEMS: dict[str, tuple[Callable[[Frame], Any], list[str]]] = {
    "as it is": (lambda frame: frame, []),
    "twice as large": (lambda frame: cv2.resize(frame, None, fx=2, fy=2), []),
    "at night without light": (lambda frame: frame * 0.1, ["dark"]),
    "with the sun in it": (lambda frame: frame * 4.0 + 60, ["overexposed"]),
    "out of focus": (lambda frame: cv2.GaussianBlur(frame, (0, 0), 4), ["blurred"]),
    "behind a hand": (lambda frame: np.random.default_rng(0).normal(90, 3, frame.shape), ["obstructed"]),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_wrong_with_a_frame(answer: Callable[[bytes], Any], photograph: Path, name: str) -> None:
    frame = np.asarray(cv2.imread(str(photograph)))
    change, expected = PROBLEMS[name]
    found = answer(_jpeg(change(frame)))
    assert found["problems"] == expected
    assert found["model"] == "my-model"
    assert list(found)[1:3] == ["width", "height"]


def test_what_is_no_frame(answer: Callable[..., Any], photograph: Path) -> None:
    with pytest.raises(InvalidImageError):
        answer(photograph.read_bytes()[:5000])
    with pytest.raises(ClientError, match="the key 'image_bytes' is missing"):
        answer(b"{}", "application/json")
    with pytest.raises(UnsupportedMediaTypeError, match="'text/csv' is not supported; send image/jpeg"):
        answer(b"1,2", "text/csv")


def test_it_takes_the_forms_of_the_built_in_applications(answer: Callable[..., Any], photograph: Path) -> None:
    """Old clients and the API send the frame in JSON; all forms of one frame have one answer."""
    image = photograph.read_bytes()
    text = base64.b64encode(image).decode()
    one = answer(image, "image/png")
    assert (one["width"], one["height"], one["problems"]) == (512, 512, [])
    for form in (
        {"image_bytes": text, "short_size": 512},
        {"timestamp": "1.5", "request_id": 1, "image_base64_enc": text},
    ):
        assert answer(json.dumps(form).encode(), "application/json; charset=utf-8") == one
    assert answer(image, "application/x-image") == one
    for key in ("images_bytes", "images_base64_enc"):
        for further in ({}, {"clip": True}):
            several = json.dumps({key: [text, text], **further}).encode()
            assert answer(several, "application/json") == {"results": [one, one]}


def test_it_takes_frames_in_s3(answer: Callable[..., Any], photograph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = frames.FrameReader(max_pixels=10**6, fetch=lambda uris: [photograph.read_bytes() for _ in uris])
    monkeypatch.setattr(frames, "frame_reader", lambda: reader)
    found = answer(b'{"images": ["s3://frames/a.png", "s3://frames/b.png"]}', "application/json")
    assert [each["width"] for each in found["results"]] == [512, 512]


def test_an_image_of_it_installs_nothing_at_its_start() -> None:
    """Its packages are in the image; only those of model data are installed at the start."""
    from ipc_ai_serving.hooks import user_packages

    environment = {"APPLICATION_TYPE": "custom", "SAGEMAKER_SUBMIT_DIRECTORY": str(FOLDER), "SM_MODEL_DIR": "/nothing"}
    settings = Settings.from_environment(environment)
    assert user_packages.code_folder(settings.model_dir, settings.code_dir, settings.program) == FOLDER
    assert user_packages.install(settings) is None
