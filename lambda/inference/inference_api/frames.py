"""An API Gateway event to the frames that a camera sent, in either wire format.

The image itself (``Content-Type: image/jpeg``), or JSON with the image in base64. Existing clients
send JSON without a Content-Type, which API Gateway hands on as JSON, and ``request_id`` as an integer.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from inference_api.errors import InvalidImageError, InvalidRequestError, UnsupportedMediaTypeError

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
_DETECTION_OPTIONS = ("min_confidence", "max_results", "normalized")
# Options of an image travel in a header of the endpoint's request.
_OPTION_VALUE = re.compile(r"[\w.+-]{1,32}", re.ASCII)


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
    def _format(self) -> tuple[str, str]:
        known = (named for signature, named in _SIGNATURES.items() if self.body.startswith(signature))
        return next(known, ("application/x-image", "bin"))


@dataclass(frozen=True)
class InferenceRequest:
    """What a camera asks, and who it is.

    Attributes:
        frames: by role: ``frame``; or ``source`` with ``target``, or with ``target-0``, ``target-1`` and so on.
        options: what the client wants of the answer, as it said it; the container checks it.
        camera_id: the camera's name.
        client_request_id: the client's own word, only ever stored, never used to name anything.
        timestamp: likewise.
        accept: the content type wanted for the answer; only users' own applications know others than JSON.
    """

    frames: Mapping[str, Frame]
    options: Mapping[str, Any] = field(default_factory=dict)
    camera_id: str = "unknown"
    client_request_id: str | None = None
    timestamp: str | None = None
    accept: str = "application/json"


def parse(event: APIGatewayProxyEvent, application_type: str) -> InferenceRequest:
    """Reads a request. What goes to a user's own application is handed on as it came.

    Raises:
        InvalidRequestError: an empty body, no JSON object, or a key missing.
        InvalidImageError: base64 that is none, or an empty image.
        UnsupportedMediaTypeError: the content type is neither JSON nor an image.
    """
    compares = application_type == _COMPARISON
    headers = {name.lower(): value for name, value in (event.headers or {}).items()}
    content_type = headers.get("content-type", "").split(";")[0].strip().lower()
    camera_id = _text(headers.get("x-camera-id")) or "unknown"
    body = _body(event)
    if not body:
        raise InvalidRequestError("the body is empty; send an image or a JSON object")
    if content_type in IMAGE_TYPES and not event.is_base64_encoded:
        # API Gateway compares types letter by letter and hands everything else over as text.
        raise InvalidRequestError(f"write the Content-Type in lower case, without anything behind it: {content_type}")
    if application_type == _CUSTOM:
        declared = "application/json" if content_type in _JSON_TYPES else content_type
        return InferenceRequest(
            frames={"frame": Frame(body, declared)},
            accept=headers.get("accept", "*/*"),
            camera_id=camera_id,
            client_request_id=_text(headers.get("x-request-id")),
            timestamp=_text(headers.get("x-timestamp")),
        )
    if content_type in IMAGE_TYPES and not compares:
        return InferenceRequest(
            frames={"frame": Frame(body)},
            options=_options(event.query_string_parameters or {}),
            camera_id=camera_id,
            client_request_id=_text(headers.get("x-request-id")),
            timestamp=_text(headers.get("x-timestamp")),
        )
    if content_type not in _JSON_TYPES:
        accepted = (
            "application/json" if compares else "image/jpeg, image/png, image/webp, image/bmp or application/json"
        )
        raise UnsupportedMediaTypeError(f"content type '{content_type}' is not supported; send {accepted}")
    document = _json_object(body)
    return InferenceRequest(
        frames=_compared_frames(document) if compares else {"frame": _frame(document, "image_base64_enc")},
        options=(
            {name: document[name] for name in _COMPARISON_OPTIONS if name in document}
            if compares
            else _options({**(event.query_string_parameters or {}), **document})
        ),
        camera_id=_text(document.get("camera_id")) or camera_id,
        client_request_id=_text(document.get("request_id")),
        timestamp=_text(document.get("timestamp")),
    )


def _options(given: Mapping[str, Any]) -> dict[str, str]:
    """The options of a detection, each as the text of a JSON number or truth value; the container checks them."""
    options = {}
    for name in _DETECTION_OPTIONS:
        value = given.get(name)
        if value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        if not _OPTION_VALUE.fullmatch(text):
            raise InvalidRequestError(f"'{name}' must be a number, true or false")
        options[name] = text
    return options


def _body(event: APIGatewayProxyEvent) -> bytes:
    body = event.raw_event.get("body") or ""
    return base64.b64decode(body) if event.is_base64_encoded else body.encode()


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(
            "the body is not valid JSON; send a JSON object, or an image with its Content-Type (image/jpeg)"
        ) from error
    if not isinstance(document, dict):
        raise InvalidRequestError(f"the body must be a JSON object, not {type(document).__name__}")
    return document


def _compared_frames(document: Mapping[str, Any]) -> dict[str, Frame]:
    frames = {"source": _frame(document, "source_image")}
    if "target_images" not in document:
        return frames | {"target": _frame(document, "target_image")}
    targets = document["target_images"]
    if not isinstance(targets, list) or not targets:
        raise InvalidRequestError("'target_images' must be a list of images in base64")
    named = {f"target_images[{number}]": target for number, target in enumerate(targets)}
    return frames | {f"target-{number}": _frame(named, name) for number, name in enumerate(named)}


def _frame(document: Mapping[str, Any], key: str) -> Frame:
    if key not in document:
        raise InvalidRequestError(f"the key '{key}' is missing; it holds the image in base64")
    text = document[key]
    if not isinstance(text, str):
        raise InvalidRequestError(f"'{key}' must be a string with the image in base64, not {type(text).__name__}")
    try:
        # Line breaks are legal in MIME base64 and some encoders write them; nothing else is skipped.
        image = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidImageError(f"'{key}' is not valid base64; encode the image bytes with standard base64") from error
    if not image:
        raise InvalidImageError(f"'{key}' is empty; it holds the image in base64")
    return Frame(image)


def _text(value: Any) -> str | None:
    """The client's word, short and fit for logs: half a surrogate pair cannot be written."""
    return None if value is None else str(value)[:_MAX_ID_LENGTH].encode(errors="replace").decode()
