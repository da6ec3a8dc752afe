"""Bodies of requests: which media type they are, JSON documents, base64 images and numbers in them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import pybase64
from werkzeug.http import parse_options_header

from ipc_ai_serving.decoding.image_headers import is_image
from ipc_ai_serving.errors import ClientError, InvalidImageError, UnsupportedMediaTypeError
from ipc_ai_serving.requests import images_in_json

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
JSON_TYPE = "application/json"


def media_type(content_type: str | None, body: bytes) -> str:
    """The media type without its parameters; guessed from the body when the client named none.

    ``application/x-www-form-urlencoded`` counts as none: it is what curl says when nobody chose.
    """
    named = (content_type or "").split(";")[0].strip().lower()
    if named in ("", "application/x-www-form-urlencoded"):
        return "application/x-image" if is_image(body) else JSON_TYPE
    return named


def parameters(content_type: str | None) -> Mapping[str, Any]:
    """The parameters of a content type, ``image/jpeg; min_confidence=0.5``: how options travel beside an image.

    Values that read as JSON (numbers, true, false) become what they mean; others stay text.
    """
    _, texts = parse_options_header(content_type)
    values: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            values[name] = json.loads(text)
        except (ValueError, RecursionError):
            values[name] = text
    return values


def image_or_json(content_type: str | None, body: bytes) -> Mapping[str, Any] | None:
    """The JSON object of the body, or None when the body is an image itself.

    Raises:
        UnsupportedMediaTypeError: neither JSON nor an image, by its content type.
        ClientError: the JSON is not valid.
    """
    kind = media_type(content_type, body)
    if kind in IMAGE_TYPES:
        return None
    if kind == JSON_TYPE:
        return json_object(body)
    raise UnsupportedMediaTypeError(
        f"content type '{kind}' is not supported; send image/jpeg, image/png, image/webp, image/bmp or application/json"
    )


def json_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object that ``body`` holds; images in it may be decoded already, see ``images_in_json``.

    Raises:
        ClientError: empty, not JSON, not UTF-8, or not an object.
    """
    if not body or body.isspace():
        raise ClientError("the body is empty; send an image or a JSON object")
    try:
        document = images_in_json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ClientError("the body is neither an image nor valid JSON; send one of the two") from error
    if not isinstance(document, dict):
        raise ClientError(f"the body must be a JSON object, not {type(document).__name__}")
    return document


def base64_image(document: Mapping[str, Any], key: str) -> bytes:
    """The image bytes that ``document[key]`` holds in base64.

    Raises:
        ClientError: the key is missing or does not hold text.
        InvalidImageError: the text is not base64.
    """
    if key not in document:
        raise ClientError(f"the key '{key}' is missing; it holds the image in base64")
    text = document[key]
    if isinstance(text, bytes):
        return text
    if not isinstance(text, str):
        raise ClientError(f"'{key}' must be a string with the image in base64, not {type(text).__name__}")
    with contextlib.suppress(ValueError):
        return pybase64.b64decode(text, validate=True)
    try:
        # Line breaks are legal in MIME base64 and some encoders write them; nothing else is skipped.
        return pybase64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError as error:
        raise InvalidImageError(f"'{key}' is not valid base64; encode the image bytes with standard base64") from error


def base64_images(document: Mapping[str, Any], key: str, *, maximum: int) -> list[bytes]:
    """The bytes of the images that the list ``document[key]`` holds in base64.

    Raises:
        ClientError: not a list of 1 to ``maximum`` texts.
        InvalidImageError: one of them is not base64; the message names it, counted from 0.
    """
    listed = document[key]
    if not isinstance(listed, list) or not 1 <= len(listed) <= maximum:
        raise ClientError(f"'{key}' must be a list of 1 to {maximum} images in base64")
    named = {f"{key}[{number}]": text for number, text in enumerate(listed)}
    return [base64_image(named, name) for name in named]


def whole_number(document: Mapping[str, Any], key: str, *, minimum: int, maximum: int) -> int | None:
    """The whole number ``document[key]``, or None when it is absent or null.

    Raises:
        ClientError: not a whole number, or outside ``minimum`` .. ``maximum``.
    """
    value = document.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise ClientError(f"'{key}' must be a whole number from {minimum} to {maximum}")
    return value


def number(document: Mapping[str, Any], key: str, *, minimum: float, maximum: float) -> float | None:
    """The number ``document[key]``, or None when it is absent or null.

    Raises:
        ClientError: not a number, not finite, or outside ``minimum`` .. ``maximum``.
    """
    value = document.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not minimum <= value <= maximum:
        raise ClientError(f"'{key}' must be a number from {minimum:g} to {maximum:g}")
    return float(value)


def flag(document: Mapping[str, Any], key: str) -> bool:
    """Whether ``document[key]`` is true; false when it is absent or null.

    Raises:
        ClientError: neither true nor false.
    """
    value = document.get(key)
    if value is not None and not isinstance(value, bool):
        raise ClientError(f"'{key}' must be true or false")
    return bool(value)
