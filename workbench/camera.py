"""A camera: sends frames to the API in either wire format."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from workbench.errors import ApiAnswerError, WorkbenchError

_TIMEOUT_SECONDS = 60
_MEDIA_TYPES = {".png": "image/png"}


@dataclass(frozen=True)
class Answer:
    """What the API answered: its JSON, the id it gave the request, and the round trip in milliseconds."""

    document: dict[str, Any]
    request_id: str
    milliseconds: float


def send_frame(url: str, frame: Path, *, camera_id: str, older_format: bool = False) -> Answer:
    """Sends one frame.

    Args:
        url: of the API, with its path.
        frame: a JPEG or PNG file.
        camera_id: the camera's name.
        older_format: JSON with base64 and without a Content-Type, as clients of earlier versions send it.

    Raises:
        WorkbenchError: the file cannot be read.
        ApiAnswerError: no answer, or an error.
    """
    try:
        body = frame.read_bytes()
    except OSError as error:
        raise WorkbenchError(f"cannot read {frame}: {error.strerror}") from error
    headers = {"X-Camera-Id": camera_id}
    content: bytes = body
    if older_format:
        content = _older_document(body)
    else:
        headers["Content-Type"] = _MEDIA_TYPES.get(frame.suffix.lower(), "image/jpeg")
    started = time.perf_counter()
    try:
        response = httpx.post(url, content=content, headers=headers, timeout=_TIMEOUT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ApiAnswerError(f"no answer from {url}: {error}; is 'workbench up' running?") from error
    milliseconds = (time.perf_counter() - started) * 1000
    if not response.is_success:
        raise ApiAnswerError(f"{url} answered {response.status_code}: {response.text.strip()}")
    return Answer(response.json(), response.headers.get("X-Request-Id", ""), milliseconds)


def _older_document(body: bytes) -> bytes:
    return json.dumps(
        {
            "timestamp": str(time.time()),
            "request_id": 1242322,
            "image_base64_enc": base64.b64encode(body).decode(),
        }
    ).encode()
