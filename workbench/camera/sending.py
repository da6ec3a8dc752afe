"""Send frames to the API in either wire format, as a camera does."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from workbench import typed
from workbench.camera.arguments import API_KEY_VARIABLE
from workbench.errors import ApiAnswerError, WorkbenchError

_TIMEOUT_SECONDS = 60
_PENDING = 202
# An endpoint that scales up from zero instances takes minutes.
_PENDING_SECONDS = 1800
_LONGEST_PAUSE_SECONDS = 5.0
# API Gateway's own answer outside the stage; inside it the stack has answers of its own.
_OUTSIDE_THE_STAGE = '"Missing Authentication Token"'
_NO_MATTER_OF_PROOF = ("ObjectDenied", "WAF_FILTERED")
# A name that begins like RFC 8187's form is sent in that form, too: the API would decode it.
_PLAIN = re.compile(r"(?!(?i:utf-8'))(?:[!-~](?:[ -~]*[!-~])?)?")
_MEDIA_TYPES = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    # Types that a user's own application may accept.
    ".json": "application/json",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".npy": "application/x-npy",
}


@dataclass(frozen=True)
class Answer:
    """Answer of the API: body and its type, the id of the request, and the round trip in milliseconds."""

    body: bytes
    media_type: str
    request_id: str
    milliseconds: float

    @property
    def text(self) -> str | None:
        """Body as text; None when it is neither JSON nor another text."""
        if self.media_type != "application/json" and not self.media_type.startswith("text/"):
            return None
        return self.body.decode(errors="replace")

    @property
    def document(self) -> Any:
        """Parsed JSON of the body; None when it is something else."""
        try:
            return json.loads(self.body) if self.media_type == "application/json" else None
        except ValueError:
            return None


def send_frame(
    url: str,
    frame: Path,
    *,
    camera_id: str,
    auth: httpx.Auth | None = None,
    older_format: bool = False,
    accept: str | None = None,
    classes: str | None = None,
    waiting: Callable[[float], None] | None = None,
) -> Answer:
    """Send one frame.

    Args:
        url: URL of the API, with its path.
        frame: an image file, or another that a user's own application takes.
        camera_id: the camera's name.
        auth: authentication of the camera; None where the API requires none.
        older_format: JSON with base64 and without a Content-Type, as clients of earlier versions send it.
        accept: content type wanted for the answer; None accepts any.
        classes: names of the classes to answer, with commas between; None for all.
        waiting: called with the seconds so far while the answer of an asynchronous endpoint is pending.

    Raises:
        WorkbenchError: the file cannot be read.
        ApiAnswerError: no answer, or an error.
    """
    body = _read(frame)
    if classes is not None:
        url = str(httpx.URL(url).copy_merge_params({"classes": classes}))
    headers = _of_camera(camera_id) | ({"Accept": accept} if accept else {})
    if older_format:
        return _post(url, _older_document({"image_base64_enc": body}), headers, auth, waiting)
    return _post(url, body, headers | {"Content-Type": media_type(frame)}, auth, waiting)


def media_type(path: Path) -> str:
    """Content type of a file by its extension; JPEG for an unknown one."""
    return _MEDIA_TYPES.get(path.suffix.lower(), "image/jpeg")


def send_comparison(
    url: str,
    source: Path,
    targets: Sequence[Path],
    *,
    camera_id: str,
    auth: httpx.Auth | None = None,
    waiting: Callable[[float], None] | None = None,
) -> Answer:
    """Send a source and one or more targets for face comparison; ``waiting`` as of ``send_frame``.

    Raises:
        WorkbenchError: a file cannot be read.
        ApiAnswerError: no answer, or an error.
    """
    images: dict[str, bytes | list[bytes]] = {"source_image": _read(source)}
    if len(targets) == 1:
        images["target_image"] = _read(targets[0])
    else:
        images["target_images"] = [_read(target) for target in targets]
    return _post(url, _older_document(images), _of_camera(camera_id), auth, waiting)


def _of_camera(camera_id: str) -> dict[str, str]:
    """Header with the camera's name; in the form of RFC 8187 where it is not ASCII, which every header takes."""
    if _PLAIN.fullmatch(camera_id):
        return {"X-Camera-Id": camera_id}
    return {"X-Camera-Id": f"UTF-8''{urllib.parse.quote(camera_id, safe='', errors='surrogateescape')}"}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkbenchError(f"cannot read {path}: {error.strerror}") from error


def _post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    auth: httpx.Auth | None,
    waiting: Callable[[float], None] | None,
) -> Answer:
    started = time.perf_counter()
    try:
        response = httpx.post(url, content=content, headers=dict(headers), auth=auth, timeout=_TIMEOUT_SECONDS)
        if response.status_code == _PENDING and "Location" in response.headers:
            response = _followed(response, auth, waiting)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ApiAnswerError(f"no answer from {url}: {error}; is '{typed.command('up')}' running?") from error
    milliseconds = (time.perf_counter() - started) * 1000
    if not response.is_success:
        raise ApiAnswerError(f"{url} answered {response.status_code}: {response.text.strip()}{_advice(response)}")
    if "X-Request-Id" not in response.headers:
        raise ApiAnswerError(f"{url} answered, but not as the API does; is it the URL of the API?")
    media_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return Answer(response.content, media_type, response.headers["X-Request-Id"], milliseconds)


def _advice(response: httpx.Response) -> str:
    """Way to name the path or the proof that the API wants; it cannot know how this program takes them."""
    is_signed = "NotSigned" in response.text and "Authorization" in response.request.headers
    if is_signed or (response.status_code == httpx.codes.FORBIDDEN and _OUTSIDE_THE_STAGE in response.text):
        return f"; is the path right? Write all of the URL, such as {response.url.join('/prod/inference')}"
    if response.status_code not in (401, 403) or any(code in response.text for code in _NO_MATTER_OF_PROOF):
        return ""
    if "NotSigned" in response.text:
        return "; sign the request with --sign"
    return f"; name the key with --api-key or in {API_KEY_VARIABLE}, or sign the request with --sign"


def _followed(
    response: httpx.Response, auth: httpx.Auth | None, waiting: Callable[[float], None] | None
) -> httpx.Response:
    """Poll for the final answer of a pending request.

    Raises:
        ApiAnswerError: it does not arrive in time.
    """
    location = response.url.join(response.headers["Location"])
    started, pause = time.monotonic(), 0.25
    while response.status_code == _PENDING:
        waited = time.monotonic() - started
        if waited > _PENDING_SECONDS:
            raise ApiAnswerError(f"no answer after {waited:.0f} s; fetch it later from {location}")
        if waiting is not None:
            waiting(waited)
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        response = httpx.get(location, auth=auth, timeout=_TIMEOUT_SECONDS)
    return response


def _older_document(images: Mapping[str, bytes | list[bytes]]) -> bytes:
    """JSON of earlier versions' clients: images in base64, an integer as request id."""

    def encoded(image: bytes | list[bytes]) -> str | list[str]:
        if isinstance(image, bytes):
            return base64.b64encode(image).decode()
        return [base64.b64encode(each).decode() for each in image]

    document = {"timestamp": str(time.time()), "request_id": 1242322}
    return json.dumps(document | {key: encoded(image) for key, image in images.items()}).encode()
