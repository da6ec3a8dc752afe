"""An API Gateway event to the frames that a camera sent, in either wire format.

The image itself (``Content-Type: image/jpeg``), or JSON with one or several images in base64, or with S3 URIs. Existing
clients send JSON without a Content-Type, which API Gateway hands on as JSON, and ``request_id`` as an integer.

Of the text in the event, an image itself is copied once: decoded, into the bytes that are sent. One in JSON is copied
twice: out of the JSON, which stays in the event, and decoded.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pybase64

from inference_api import image_in_json
from inference_api.errors import InvalidImageError, InvalidRequestError, UnsupportedMediaTypeError
from inference_api.proxy import Request

IMAGE_TYPES = frozenset(
    {
        "image/jpeg",
        "image/jpg",
        "image/png",
        "image/webp",
        "image/bmp",
        "application/x-image",
        "application/octet-stream",
    }
)
# curl sends the second when nobody chose; the third is how some firmware spells JSON.
_JSON_TYPES = frozenset({"", "application/json", "application/x-www-form-urlencoded", "text/json"})
_SIGNATURES = {
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"RIFF": ("image/webp", "webp"),
    b"BM": ("image/bmp", "bmp"),
}
_MAX_ID_LENGTH = 256

_COMPARISON = "face-comparison"
_CUSTOM = "custom"
_EXTENSIONS = {"application/json": "json", "text/csv": "csv", "text/plain": "txt", "application/x-npy": "npy"}
_COMPARISON_OPTIONS = ("similarity_threshold", "min_confidence", "max_results")
# The three forms of JSON for a detection; one of them a request.
_IMAGE, _IMAGES, _URIS = "image_base64_enc", "images_base64_enc", "images"
_MAX_IMAGES, _MAX_URIS = 20, 16


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# Options of a detection: whether a value is one, and what the client is told otherwise. The container checks the same
# with the same words; here it is also what keeps anything but numbers and truth values out of the endpoint's header.
_DETECTION_OPTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "min_confidence": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "max_results": (
        lambda value: _is_number(value) and isinstance(value, int) and 1 <= value <= 1000,
        "a whole number from 1 to 1000",
    ),
    "normalized": (lambda value: isinstance(value, bool), "true or false"),
}


@dataclass(frozen=True)
class Frame:
    """An image as the camera encoded it; or what a user's own application takes, which has a type of its own."""

    body: bytes
    declared_type: str | None = None

    @property
    def content_type(self) -> str:
        """The type declared, else the one that the first bytes tell, else ``application/x-image``."""
        return self.declared_type or self._format[0]

    @property
    def extension(self) -> str:
        """The file name extension of the content; ``bin`` when nothing tells it."""
        return _EXTENSIONS.get(self.content_type, self._format[1])

    @property
    def is_image(self) -> bool:
        """Whether it begins as one of the formats that the built-in applications take."""
        return self.body.startswith(tuple(_SIGNATURES))

    @property
    def _format(self) -> tuple[str, str]:
        known = (named for signature, named in _SIGNATURES.items() if self.body.startswith(signature))
        return next(known, ("application/x-image", "bin"))


@dataclass(frozen=True)
class InferenceRequest:
    """What a camera asks, and who it is.

    Attributes:
        frames: by role: ``frame``; or ``frame-0``, ``frame-1`` and so on; or ``source`` with ``target``, or with
            ``target-0``, ``target-1`` and so on; none where S3 URIs name them.
        uris: S3 URIs of the frames, where the client sent no frames.
        options: what the client wants of the answer; of a comparison as it said it, the container checks them.
        camera_id: the camera's name.
        client_request_id: the client's own word, only ever stored, never used to name anything.
        timestamp: likewise.
        accept: the content type wanted for the answer; only users' own applications know others than JSON.
        respond_async: whether the client asks not to wait for the answer.
    """

    frames: Mapping[str, Frame]
    uris: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    camera_id: str = "unknown"
    client_request_id: str | None = None
    timestamp: str | None = None
    accept: str = "application/json"
    respond_async: bool = False


def declared_camera(sent: Request) -> str:
    """The camera's name by the header ``X-Camera-Id``, which is known before the body is read."""
    return _text(sent.headers.get("x-camera-id")) or "unknown"


def parse(sent: Request, application_type: str) -> InferenceRequest:
    """Reads a request. What goes to a user's own application is handed on as it came.

    Raises:
        InvalidRequestError: an empty body, no JSON object, a key missing or beside one that excludes it, or an option
            that is none.
        InvalidImageError: base64 that is none, or an empty image.
        UnsupportedMediaTypeError: the content type is neither JSON nor an image.
    """
    compares = application_type == _COMPARISON
    headers = sent.headers
    content_type = headers.get("content-type", "").split(";")[0].strip().lower()
    camera_id = declared_camera(sent)
    if not sent.body:
        raise InvalidRequestError("the body is empty; send an image or a JSON object")
    if content_type in IMAGE_TYPES and not sent.is_base64:
        # API Gateway compares types letter by letter and hands everything else over as text.
        raise InvalidRequestError(f"write the Content-Type in lower case, without anything behind it: {content_type}")
    if application_type == _CUSTOM:
        declared = "application/json" if content_type in _JSON_TYPES else content_type
        return InferenceRequest(
            frames={"frame": Frame(_bytes_of(sent), declared)},
            accept=headers.get("accept", "*/*"),
            camera_id=camera_id,
            client_request_id=_text(headers.get("x-request-id")),
            timestamp=_text(headers.get("x-timestamp")),
        )
    if content_type in IMAGE_TYPES and not compares:
        return InferenceRequest(
            frames={"frame": Frame(_bytes_of(sent))},
            options=_options(_query(sent)),
            camera_id=camera_id,
            client_request_id=_text(headers.get("x-request-id")),
            timestamp=_text(headers.get("x-timestamp")),
        )
    if content_type not in _JSON_TYPES:
        accepted = (
            "application/json" if compares else "image/jpeg, image/png, image/webp, image/bmp or application/json"
        )
        raise UnsupportedMediaTypeError(f"content type '{content_type}' is not supported; send {accepted}")
    document = _json_object(_text_of(sent))
    frames, uris = (_compared_frames(document), ()) if compares else _detection_frames(document)
    return InferenceRequest(
        frames=frames,
        uris=uris,
        options=(
            {name: document[name] for name in _COMPARISON_OPTIONS if name in document}
            if compares
            else _options({**_query(sent), **document}) | _clip(document)
        ),
        camera_id=_text(document.get("camera_id")) or camera_id,
        client_request_id=_text(document.get("request_id")),
        timestamp=_text(document.get("timestamp")),
    )


def _options(given: Mapping[str, Any]) -> dict[str, float | bool]:
    """The options of a detection; null is as good as none."""
    options = {}
    for name, (is_one, wanted) in _DETECTION_OPTIONS.items():
        value = given.get(name)
        if value is None:
            continue
        if not is_one(value):
            raise InvalidRequestError(f"'{name}' must be {wanted}")
        options[name] = value
    return options


def _query(sent: Request) -> dict[str, Any]:
    """The options among the query parameters, read as JSON; what does not read so stays text, which is no option."""
    options: dict[str, Any] = {}
    for name, text in sent.query.items():
        if name not in _DETECTION_OPTIONS:
            continue
        if len(sent.repeated_query.get(name, [])) > 1:
            raise InvalidRequestError(f"'{name}' is in the URL more than once; write it once")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        options[name] = text if value is None else value
    return options


def _clip(document: Mapping[str, Any]) -> dict[str, bool]:
    """Whether several frames are a clip; the key means nothing beside one image."""
    value = document.get("clip")
    if value is None or _detection_key(document) == _IMAGE:
        return {}
    if not isinstance(value, bool):
        raise InvalidRequestError("'clip' must be true or false")
    return {"clip": value}


def _bytes_of(sent: Request) -> bytes:
    """The body as the client sent it. API Gateway has what is binary in base64."""
    return _decoded(sent.body) if sent.is_base64 else sent.body.encode()


def _text_of(sent: Request) -> str | bytes:
    """The body for a reader of JSON, which takes a text as it is, but for a byte order mark."""
    return _bytes_of(sent) if sent.is_base64 else sent.body.removeprefix("\ufeff")


def _decoded(text: str) -> bytes:
    """What base64 stands for.

    Raises:
        ValueError: it is none.
    """
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        # Line breaks are legal in MIME base64 and some encoders write them; nothing else is skipped.
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)


def _json_object(body: str | bytes) -> Mapping[str, Any]:
    """The object, in which one image may be decoded already."""
    try:
        document = json.loads(body) if isinstance(body, bytes) else image_in_json.loads(body, _IMAGE)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(
            "the body is not valid JSON; send a JSON object, or an image with its Content-Type (image/jpeg)"
        ) from error
    if not isinstance(document, dict):
        raise InvalidRequestError(f"the body must be a JSON object, not {type(document).__name__}")
    return document


def _detection_frames(document: Mapping[str, Any]) -> tuple[dict[str, Frame], tuple[str, ...]]:
    """The frames, or the S3 URIs, of whichever form the client sent."""
    key = _detection_key(document)
    if key == _IMAGE:
        return {"frame": _frame(document, _IMAGE)}, ()
    if key == _URIS:
        return {}, _uris(document)
    return {f"frame-{number}": frame for number, frame in enumerate(_frames(document, _IMAGES, _MAX_IMAGES))}, ()


def _detection_key(document: Mapping[str, Any]) -> str:
    sent = [key for key in (_IMAGE, _IMAGES, _URIS) if document.get(key) is not None]
    if len(sent) > 1:
        raise InvalidRequestError(f"send only one of the keys {' and '.join(repr(key) for key in sent)}")
    return sent[0] if sent else _IMAGE


def _uris(document: Mapping[str, Any]) -> tuple[str, ...]:
    listed = document[_URIS]
    if (
        not isinstance(listed, list)
        or not 1 <= len(listed) <= _MAX_URIS
        or not all(isinstance(uri, str) for uri in listed)
    ):
        raise InvalidRequestError(f"'{_URIS}' must be a list of 1 to {_MAX_URIS} S3 URIs, each s3://BUCKET/KEY")
    return tuple(listed)


def _compared_frames(document: Mapping[str, Any]) -> dict[str, Frame]:
    if "source_image" not in document and _URIS in document:
        raise InvalidRequestError(
            "face comparison takes no S3 URIs; send source_image and target_image with the images in base64"
        )
    frames = {"source": _frame(document, "source_image")}
    if "target_images" not in document:
        return frames | {"target": _frame(document, "target_image")}
    targets = _frames(document, "target_images", _MAX_IMAGES)
    return frames | {f"target-{number}": frame for number, frame in enumerate(targets)}


def _frames(document: Mapping[str, Any], key: str, maximum: int) -> list[Frame]:
    listed = document[key]
    if not isinstance(listed, list) or not 1 <= len(listed) <= maximum:
        raise InvalidRequestError(f"'{key}' must be a list of 1 to {maximum} images in base64")
    named = {f"{key}[{number}]": text for number, text in enumerate(listed)}
    return [_frame(named, name) for name in named]


def _frame(document: Mapping[str, Any], key: str) -> Frame:
    if key not in document:
        raise InvalidRequestError(f"the key '{key}' is missing; it holds the image in base64")
    image = document[key]
    if not isinstance(image, str | bytes):
        raise InvalidRequestError(f"'{key}' must be a string with the image in base64, not {type(image).__name__}")
    try:
        image = _decoded(image) if isinstance(image, str) else image
    except ValueError as error:
        raise InvalidImageError(f"'{key}' is not valid base64; encode the image bytes with standard base64") from error
    if not image:
        raise InvalidImageError(f"'{key}' is empty; it holds the image in base64")
    return Frame(image)


def _text(value: Any) -> str | None:
    """The client's word, short and fit for logs: half a surrogate pair cannot be written."""
    return None if value is None else str(value)[:_MAX_ID_LENGTH].encode(errors="replace").decode()
