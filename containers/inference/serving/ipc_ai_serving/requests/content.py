"""Bodies of requests: their media type, JSON documents, and base64 images and numbers in these."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Container, Mapping
from typing import Any
from urllib.parse import unquote

import pybase64
from werkzeug.http import parse_options_header

from ipc_ai_serving.decoding.image_headers import is_image
from ipc_ai_serving.errors import ClientError, InvalidImageError, UnsupportedMediaTypeError
from ipc_ai_serving.requests import images_in_json

IMAGE_TYPES = frozenset(
    {
        "image/jpeg",
        "image/jpg",
        "image/pjpeg",
        "image/png",
        "image/x-png",
        "image/webp",
        "image/bmp",
        "image/x-ms-bmp",
        "image/x-image",
        "application/x-image",
        "application/octet-stream",
    }
)
JSON_TYPE = "application/json"

_MOST_NAMES, _LONGEST_NAME = 100, 100
_IN_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, and halves of a surrogate pair


def media_type(content_type: str | None, body: bytes) -> str:
    """The media type without its parameters; guessed from the body when the client named none.

    ``application/x-www-form-urlencoded`` counts as none, because curl sends it by default.
    """
    named = (content_type or "").split(";")[0].strip().lower()
    if named in ("", "application/x-www-form-urlencoded"):
        return "application/x-image" if is_image(body) else JSON_TYPE
    return named


def parameters(content_type: str | None, *, texts: Container[str] = ()) -> Mapping[str, Any]:
    """Read the parameters of a content type, the options beside an image: ``image/jpeg; min_confidence=0.5``.

    Values that are JSON (numbers, true, false) are decoded, except those of the names in ``texts``. Others stay text,
    in which ``%2C`` stands for a comma.
    """
    _, given = parse_options_header(content_type)
    return {name: unquote(text) if name in texts else _json_or_text(text) for name, text in given.items()}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return unquote(text)


def image_or_json(content_type: str | None, body: bytes) -> Mapping[str, Any] | None:
    """Read the JSON object of the body, or return None when the body is an image itself.

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
    """Read a body as a JSON object; its images may be decoded from base64 already, see ``images_in_json``.

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
    """Read the image that ``document[key]`` holds in base64.

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
        # Some encoders write line breaks, which are legal in MIME's base64. No other character is skipped.
        return pybase64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError as error:
        raise InvalidImageError(f"'{key}' is not valid base64; encode the image bytes with standard base64") from error


def base64_images(document: Mapping[str, Any], key: str, *, maximum: int) -> list[bytes]:
    """Read the images that the list ``document[key]`` holds in base64.

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
    """Read the whole number ``document[key]``; None when it is absent or null.

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
    """Read the number ``document[key]``; None when it is absent or null.

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
    """Read the boolean ``document[key]``; False when it is absent or null.

    Raises:
        ClientError: neither true nor false.
    """
    value = document.get(key)
    if value is not None and not isinstance(value, bool):
        raise ClientError(f"'{key}' must be true or false")
    return bool(value)


def names(document: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Read names, a list of texts or one text with commas between; empty when they are absent or null.

    Raises:
        ClientError: neither, no name at all, too many, or one that is too long or has control characters.
    """
    value = document.get(key)
    if value is None:
        return ()
    listed = value.split(",") if isinstance(value, str) else value
    if isinstance(listed, list) and all(isinstance(name, str) for name in listed):
        kept = tuple(name.strip() for name in listed if name.strip())
        fits = all(len(name) <= _LONGEST_NAME and not _IN_NO_NAME.search(name) for name in kept)
        if fits and 1 <= len(kept) <= _MOST_NAMES:
            return kept
    raise ClientError(
        f"'{key}' must be names with commas between, or a list of names: 1 to {_MOST_NAMES}, each of up to "
        f"{_LONGEST_NAME} characters"
    )
