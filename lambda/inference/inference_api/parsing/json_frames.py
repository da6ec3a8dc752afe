"""Frames in the JSON of our own clients: one image, several, S3 URIs, or two faces to compare.

An image in JSON is copied twice: out of the JSON, and decoded. ``json`` looks at every character of it, which costs a
request less than 5 % (docs/decisions/0038).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference_api.errors import InvalidImageError, InvalidRequestError
from inference_api.messages import Frame
from inference_api.parsing import bodies
from inference_api.parsing.found_frames import MOST_FRAMES

# The three forms of JSON for a detection, of which a request has one.
IMAGE, _IMAGES, _URIS = "image_base64_enc", "images_base64_enc", "images"
SOURCE = "source_image"
KEYS = frozenset({IMAGE, _IMAGES, _URIS, SOURCE, "target_image", "target_images"})
"""Keys of JSON that hold frames."""
OWN_KEYS = frozenset({IMAGE, _IMAGES, SOURCE})
"""Those of them that no other client has."""
_MOST_URIS = 16


def detected(document: Mapping[str, Any]) -> tuple[dict[str, Frame], tuple[str, ...]]:
    """The frames, or the S3 URIs, of the form that the client sent."""
    key = _detection_key(document)
    if key == IMAGE:
        return {"frame": _frame(document, IMAGE)}, ()
    if key == _URIS:
        return {}, _uris(document)
    return {f"frame-{number}": frame for number, frame in enumerate(_frames(document, _IMAGES, MOST_FRAMES))}, ()


def _detection_key(document: Mapping[str, Any]) -> str:
    sent = [key for key in (IMAGE, _IMAGES, _URIS) if document.get(key) is not None]
    if len(sent) > 1:
        raise InvalidRequestError(f"send only one of the keys {' and '.join(repr(key) for key in sent)}")
    return sent[0] if sent else IMAGE


def _uris(document: Mapping[str, Any]) -> tuple[str, ...]:
    listed = document[_URIS]
    if (
        not isinstance(listed, list)
        or not 1 <= len(listed) <= _MOST_URIS
        or not all(isinstance(uri, str) for uri in listed)
    ):
        raise InvalidRequestError(f"'{_URIS}' must be a list of 1 to {_MOST_URIS} S3 URIs, each s3://BUCKET/KEY")
    return tuple(listed)


def compared(document: Mapping[str, Any]) -> dict[str, Frame]:
    """The two faces to compare, or one and several."""
    if SOURCE not in document and _URIS in document:
        raise InvalidRequestError(
            "face comparison takes no S3 URIs; send source_image and target_image with the images in base64"
        )
    if document.get("classes") is not None:
        raise InvalidRequestError("face comparison has no classes to choose from; leave 'classes' out")
    frames = {"source": _frame(document, SOURCE)}
    if "target_images" not in document:
        return frames | {"target": _frame(document, "target_image")}
    targets = _frames(document, "target_images", MOST_FRAMES)
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
    encoded = document[key]
    if not isinstance(encoded, str):
        raise InvalidRequestError(f"'{key}' must be a string with the image in base64, not {type(encoded).__name__}")
    try:
        image = bodies.decoded(encoded)
    except ValueError as error:
        raise InvalidImageError(f"'{key}' is not valid base64; encode the image bytes with standard base64") from error
    if not image:
        raise InvalidImageError(f"'{key}' is empty; it holds the image in base64")
    return Frame(image)


def clip(document: Mapping[str, Any]) -> dict[str, bool]:
    """The option ``clip`` of several frames; ignored beside one image."""
    value = document.get("clip")
    if value is None or _detection_key(document) == IMAGE:
        return {}
    if not isinstance(value, bool):
        raise InvalidRequestError("'clip' must be true or false")
    return {"clip": value}
