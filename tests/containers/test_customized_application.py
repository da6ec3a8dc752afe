"""containers/customized-application as it stands: the quality of a frame."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from ipc_ai_serving.errors import InvalidImageError, UnsupportedMediaTypeError
from ipc_ai_serving.hooks.user_application import UserHooks

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "containers" / "customized-application"
Frame = npt.NDArray[Any]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[bytes], Any]]:
    """The application as the image runs it: its code beside, not in, the model data."""
    monkeypatch.setenv("MODEL_NAME", "my-model")
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
    with pytest.raises(UnsupportedMediaTypeError, match="send the image itself"):
        answer(b"{}", "application/json")


def test_an_image_of_it_installs_nothing_at_its_start() -> None:
    """Its packages are in the image; only those of model data are installed at the start."""
    from ipc_ai_serving.hooks import user_packages
    from ipc_ai_serving.settings import Settings

    environment = {"APPLICATION_TYPE": "custom", "SAGEMAKER_SUBMIT_DIRECTORY": str(FOLDER), "SM_MODEL_DIR": "/nothing"}
    settings = Settings.from_environment(environment)
    assert user_packages.code_folder(settings.model_dir, settings.code_dir, settings.program) == FOLDER
    assert user_packages.install(settings) is None
