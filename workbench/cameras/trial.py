"""A camera's way, tried: a picture with its credential to the URL where cameras push."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from camera_registry import cameras, credentials
from camera_registry.cameras import Camera
from camera_registry.credentials import MOST_CREDENTIALS, Key
from camera_registry.states import RECORDED_EVERY_S
from workbench import places
from workbench.cameras import keys
from workbench.cameras.instructions import user_name
from workbench.cameras.registry import Registry
from workbench.errors import CameraError

TEST_FRAME = places.REPOSITORY / "docs" / "images" / "test-frame.jpg"
_LASTS = timedelta(minutes=5)
_SCOPES = ("frames",)
_TIMEOUT_S = 60
_UNKNOWN_STILL_S = (0, 10, 25)
"""Pauses before a new key is tried: the API remembers a camera for half a minute."""
_LOOKS, _BETWEEN_LOOKS_S = 10, 0.5


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the body as text, and the milliseconds that it took."""

    status: int
    text: str
    milliseconds: float


@contextmanager
def temporary_key(registry: Registry, camera: Camera) -> Iterator[Key]:
    """Give the camera a key for the time of a trial; it ends by itself, should this program be killed.

    Raises:
        CameraError: the camera has two keys, and there is room for no third.
    """
    now = datetime.now(UTC)
    held = keys.live(camera, now)
    if len(held) == MOST_CREDENTIALS:
        raise CameraError(f"'{camera.camera_id}' has two keys already; name one of them with --key")
    key, credential = credentials.make(_SCOPES, now)
    credential = dataclasses.replace(credential, expires=now + _LASTS)
    registry.write(camera, dataclasses.replace(camera, credentials=(*held, credential), updated=now))
    try:
        yield key
    finally:
        _taken_away(registry, camera.camera_id, key)


def as_basic(camera_id: str, text: str) -> tuple[str, str]:
    """User and password of a key, or of the password alone."""
    key = credentials.parsed(text)
    return (user_name(camera_id, key), key.secret) if key else (camera_id, text)


def send(url: str, frame: Path, proof: tuple[str, str], *, is_new: bool, waiting: Callable[[str], None]) -> Answer:
    """Send a JPEG as a camera does.

    Args:
        url: where cameras push.
        frame: the file.
        proof: user and password.
        is_new: true for a key that the API may not know yet.
        waiting: called with what is waited for.

    Raises:
        CameraError: the file cannot be read, or nothing answers.
    """
    try:
        body = frame.read_bytes()
    except OSError as error:
        raise CameraError(f"cannot read {frame}: {error.strerror}; name a JPEG file with --frame") from error
    started, response = 0.0, None
    for pause in _UNKNOWN_STILL_S if is_new else _UNKNOWN_STILL_S[:1]:
        if pause:
            waiting(f"the API does not know the new key yet; again in {pause} s")
            time.sleep(pause)
        waiting("waiting for the answer")
        started = time.perf_counter()
        response = _posted(url, body, proof)
        if response.status_code != httpx.codes.UNAUTHORIZED:
            break
    assert response is not None
    return Answer(response.status_code, response.text, (time.perf_counter() - started) * 1000)


def noted(registry: Registry, camera_id: str, since: datetime) -> datetime | None:
    """The sign of life that the registry has of a push; None where it has none."""
    for _ in range(_LOOKS):
        state = registry.state(camera_id)
        last = datetime.fromtimestamp(int(state["last_seen"]), UTC) if "last_seen" in state else None
        if last and last >= since - timedelta(seconds=RECORDED_EVERY_S):
            return last
        time.sleep(_BETWEEN_LOOKS_S)
    return None


def required_enabled(camera: Camera) -> None:
    """Refuse a camera that the API refuses, too."""
    if camera.status == cameras.DISABLED:
        raise CameraError(f"'{camera.camera_id}' is disabled; enable it first")


def _posted(url: str, body: bytes, proof: tuple[str, str]) -> httpx.Response:
    headers = {"Content-Type": "image/jpeg"}
    try:
        return httpx.post(url, content=body, headers=headers, auth=proof, timeout=_TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CameraError(f"no answer from {url}: {error}; is it where cameras push?") from error


def _taken_away(registry: Registry, camera_id: str, key: Key) -> None:
    camera = registry.camera(camera_id)
    if camera:
        left = tuple(each for each in camera.credentials if each.name != key.name)
        registry.write(camera, dataclasses.replace(camera, credentials=left, updated=datetime.now(UTC)))
