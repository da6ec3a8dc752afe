"""The values that pass from one room to the next: the frames, the request, the model's answer, the fate of an event.

The module imports only ``strict_json`` of this package, so that every other may import it.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from inference_api import strict_json

JSON = "application/json"
"""The media type of JSON."""

_SIGNATURES = {
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"RIFF": ("image/webp", "webp"),
    b"BM": ("image/bmp", "bmp"),
}
_NAMELESS_IMAGES = ("application/x-image", "application/octet-stream")
_EXTENSIONS = {JSON: "json", "text/csv": "csv", "text/plain": "txt", "application/x-npy": "npy"}
_MAX_WORD_LENGTH = 256
_MAX_CAMERA_PART_LENGTH = 64
_CAMERA_DIGEST_LENGTH = 12
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_-]+")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True)
class Frame:
    """An image as the camera encoded it, or the input of a custom application with a type of its own."""

    body: bytes
    declared_type: str | None = None

    @property
    def content_type(self) -> str:
        """The declared type, else the type by the first bytes, else ``application/x-image``."""
        return self.declared_type or self._format[0]

    @property
    def media_type(self) -> str:
        """The type without a form's boundary: emulations of S3 read it as one of theirs, and the first line has it."""
        return self.content_type.split(";")[0]

    @property
    def extension(self) -> str:
        """The file name extension of the content; ``bin`` when the type is unknown."""
        return _EXTENSIONS.get(self.content_type, self._format[1])

    @property
    def is_image(self) -> bool:
        """True when it begins as one of the formats that the built-in applications take."""
        return self.body.startswith(tuple(_SIGNATURES))

    @property
    def declares_image(self) -> bool:
        """True when its declared type is an image's."""
        return (self.declared_type or "").startswith("image/") or self.declared_type in _NAMELESS_IMAGES

    @property
    def _format(self) -> tuple[str, str]:
        known = (named for signature, named in _SIGNATURES.items() if self.body.startswith(signature))
        return next(known, ("application/x-image", "bin"))


@dataclass(frozen=True)
class InferenceRequest:
    """One request for the model.

    Attributes:
        frames: by role: ``frame``; or ``frame-0``, ``frame-1`` and so on; or ``source`` with ``target``, or with
            ``target-0``, ``target-1`` and so on; empty where S3 URIs name the frames.
        uris: S3 URIs of the frames, where the client sent no frames.
        options: options of the answer. Those of a comparison are unchecked: the container checks them.
        camera_id: the camera's name.
        client_request_id: the client's own id, only stored: it names no object.
        timestamp: the client's own time, only stored.
        accept: the content type wanted for the answer; only custom applications know others than JSON.
        respond_async: true when the client asks not to wait for the answer.
        notes: further keys of the event, such as ``push``: only stored.
        terms: the terms of ``judging`` for an answer that comes later; None where the profile says nothing.
    """

    frames: Mapping[str, Frame]
    uris: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    camera_id: str = "unknown"
    client_request_id: str | None = None
    timestamp: str | None = None
    accept: str = JSON
    respond_async: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Inference:
    """The container's answer, with the status, of success, and the headers that a program of the operator's own set."""

    body: bytes
    content_type: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_container(cls, body: bytes, content_type: str) -> Inference:
        """The answer, with null for NaN and Infinity: Python writes them into JSON, and no other parser reads them."""
        answer = cls(body, content_type)
        if not answer.is_json or not any(constant in body for constant in (b"NaN", b"Infinity")):
            return answer
        try:
            mended = strict_json.mended(answer.text.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            return answer
        return answer if mended is None else cls(mended.encode(), answer._media_type)

    @property
    def is_json(self) -> bool:
        """True for JSON, also under ``text/json``, and types made of it, such as ``application/problem+json``."""
        return self._media_type in (JSON, "text/json") or self._media_type.endswith("+json")

    @functools.cached_property
    def document(self) -> Any:
        """The JSON, parsed once.

        Raises:
            ValueError: the body is not JSON, in spite of its content type.
            RecursionError: it is nested too deeply.
        """
        return strict_json.parsed(self.text.removeprefix("\ufeff"))

    @functools.cached_property
    def text(self) -> str:
        """The body as text; bytes that are not of its charset are replaced."""
        try:
            return self.body.decode(self.charset)
        except (LookupError, UnicodeDecodeError):
            return self.body.decode(errors="replace")

    @property
    def charset(self) -> str:
        """The charset that the content type declares, else UTF-8."""
        header = Message()
        header["Content-Type"] = self.content_type
        return str(header.get_param("charset", "utf-8"))

    @property
    def type_in_utf_8(self) -> str:
        """The content type of the same text in UTF-8, in which API Gateway passes text on."""
        if self.charset.lower() in ("utf-8", "utf8", "us-ascii"):
            return self.content_type
        return f"{self._first_of_type}; charset=utf-8"

    @property
    def is_text(self) -> bool:
        """True when it can pass API Gateway as text; all else goes in base64."""
        return self.is_json or self._media_type.startswith("text/")

    @property
    def _media_type(self) -> str:
        return self._first_of_type.lower()

    @property
    def _first_of_type(self) -> str:
        return self.content_type.split(";")[0].strip()


@dataclass(frozen=True)
class Pending:
    """A request whose answer an asynchronous endpoint has not written yet.

    Attributes:
        request_id: the id by which the answer is fetched.
        output: key of the answer to come.
        failure: key of SageMaker's message if it fails instead.
        event: the state of the event, to complete it with the answer; None where events are not kept, empty when the
            event was lost.
        terms: those of ``judging`` when the frame came; None where the profile said nothing.
    """

    request_id: str
    output: str
    failure: str
    event: Mapping[str, Any] | None = None
    terms: Mapping[str, Any] | None = None


class EventFate(enum.Enum):
    """The fate of a request's event."""

    NOT_KEPT = "events are not kept"
    STORED = "the whole event is in the bucket"
    LOST = "the store failed"


def short_word(value: object) -> str:
    """A client's own id or name, at most 256 characters, fit for logs: half a surrogate pair cannot be written."""
    return str(value)[:_MAX_WORD_LENGTH].encode(errors="replace").decode()


def camera_part(camera_id: str) -> str:
    """The camera's id in keys of S3 and dimensions of metrics, at most 64 letters, digits, ``_`` and ``-``.

    Other characters are replaced. A digest of the whole id follows where something was replaced or cut, so that no two
    cameras have the same part.
    """
    readable = _NOT_IN_KEYS.sub("_", camera_id)
    if readable == camera_id and len(camera_id) <= _MAX_CAMERA_PART_LENGTH:
        return camera_id or "unknown"
    digest = hashlib.sha256(camera_id.encode(errors="surrogatepass")).hexdigest()[:_CAMERA_DIGEST_LENGTH]
    return f"{readable[: _MAX_CAMERA_PART_LENGTH - _CAMERA_DIGEST_LENGTH - 1]}-{digest}"


def is_request_id(text: str) -> bool:
    """True for an id that can be part of a key; API Gateway's are UUIDs."""
    return _REQUEST_ID.fullmatch(text) is not None
