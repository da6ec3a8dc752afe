"""Parse an API Gateway event into the frames and options that a camera sent, in either wire format.

The body is the image itself (``Content-Type: image/jpeg``), or JSON with one or several images in base64, or with S3
URIs. Existing clients send JSON without a Content-Type, which API Gateway passes on as JSON, and ``request_id`` as an
integer.

An image as the body is copied once: decoded, into the bytes that are sent. An image in JSON is copied twice: out of the
JSON, and decoded. ``json`` looks at every character of it, which costs a request less than 5 % (docs/decisions/0038).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pybase64

from inference_api import media_types, options
from inference_api.errors import InvalidImageError, InvalidRequestError
from inference_api.messages import JSON, Frame, InferenceRequest, short_word
from inference_api.proxy import Request
from inference_api.settings import COMPARISON, CUSTOM

_COMPARISON_OPTIONS = ("similarity_threshold", "min_confidence", "max_results")
# The three forms of JSON for a detection, of which a request has one.
_IMAGE, _IMAGES, _URIS = "image_base64_enc", "images_base64_enc", "images"
_MAX_IMAGES, _MAX_URIS = 20, 16
_SOURCE = "source_image"


def declared_camera(sent: Request) -> str:
    """The camera's name by the header ``X-Camera-Id``, known before the body is read."""
    return _header(sent, "x-camera-id") or "unknown"


def parse(sent: Request, application_type: str, *, as_older_json: bool = False) -> InferenceRequest:
    """Parse a request. The body for a custom application passes through unread.

    Args:
        sent: the request.
        application_type: the application that the endpoint serves.
        as_older_json: true when the container reads the older JSON; then the images of a request for a custom
            application are read, too, to be sent in that form.

    Raises:
        InvalidRequestError: an empty body, a body that is not a JSON object, a missing key, keys that exclude each
            other, an invalid option, or an image whose type is not as API Gateway compares it.
        InvalidImageError: invalid base64, or an empty image.
        UnsupportedMediaTypeError: the content type is neither JSON nor an image.
    """
    media = media_types.media_type(sent)
    if not sent.body:
        raise InvalidRequestError("the body is empty; send an image or a JSON object")
    if application_type == CUSTOM:
        media_types.require_whole(sent, media)
        document = _of_built_in_clients(sent, media) if as_older_json else None
        if document is not None:
            return _in_json(sent, document, compares=_IMAGE not in document)
        if not as_older_json or media not in media_types.IMAGE_TYPES:
            return _unread(sent, media)
    if media_types.is_json(media):
        return _in_json(sent, _json_object(_text_of(sent)), compares=application_type == COMPARISON)
    if application_type == COMPARISON:
        raise media_types.unsupported(media, takes_images=False)
    media_types.require_whole(sent, media)
    if media not in media_types.IMAGE_TYPES:
        raise media_types.unsupported(media, takes_images=True)
    return _as_sent(sent, {"frame": Frame(_bytes_of(sent))}, options=options.checked(options.in_url(sent)))


def _of_built_in_clients(sent: Request, media: str) -> Mapping[str, Any] | None:
    """The JSON of a client of the built-in applications; None for other bodies."""
    try:
        document = json.loads(_text_of(sent)) if media_types.is_json(media) else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and (_IMAGE in document or _SOURCE in document) else None


def _unread(sent: Request, media: str) -> InferenceRequest:
    """A request whose body is the application's own business.

    Raises:
        InvalidRequestError: bytes that are no JSON arrived under a type of JSON, as text.
    """
    if media_types.is_json(media):
        if not sent.is_base64 and media_types.REPLACEMENT in sent.body:
            _parsed(sent.body)
        media = JSON
    frames = {"frame": Frame(_bytes_of(sent), media)}
    return _as_sent(sent, frames, accept=sent.headers.get("accept", "*/*"))


def _in_json(sent: Request, document: Mapping[str, Any], *, compares: bool) -> InferenceRequest:
    if compares:
        options.refuse_in_url(sent, _COMPARISON_OPTIONS)
    frames, uris = (_compared_frames(document), ()) if compares else _detection_frames(document)
    return InferenceRequest(
        frames=frames,
        uris=uris,
        options=(
            {name: document[name] for name in _COMPARISON_OPTIONS if name in document}
            if compares
            else options.checked({**options.in_url(sent), **document}) | _clip(document)
        ),
        camera_id=_word(document.get("camera_id")) or declared_camera(sent),
        client_request_id=_word(document.get("request_id")) or _header(sent, "x-request-id"),
        timestamp=_word(document.get("timestamp")) or _header(sent, "x-timestamp"),
    )


def _as_sent(sent: Request, frames: Mapping[str, Frame], **rest: Any) -> InferenceRequest:
    """A request whose camera, id and time are in headers."""
    return InferenceRequest(
        frames=frames,
        camera_id=declared_camera(sent),
        client_request_id=_header(sent, "x-request-id"),
        timestamp=_header(sent, "x-timestamp"),
        **rest,
    )


def _clip(document: Mapping[str, Any]) -> dict[str, bool]:
    """The option ``clip`` of several frames; ignored beside one image."""
    value = document.get("clip")
    if value is None or _detection_key(document) == _IMAGE:
        return {}
    if not isinstance(value, bool):
        raise InvalidRequestError("'clip' must be true or false")
    return {"clip": value}


def _bytes_of(sent: Request) -> bytes:
    """The body as the client sent it; API Gateway encodes binary bodies in base64."""
    return _decoded(sent.body) if sent.is_base64 else sent.body.encode()


def _text_of(sent: Request) -> str | bytes:
    """The body for ``json``, which accepts text without a byte order mark, and bytes."""
    return _bytes_of(sent) if sent.is_base64 else sent.body.removeprefix("\ufeff")


def _decoded(text: str) -> bytes:
    """Decode base64.

    Raises:
        ValueError: it is not base64.
    """
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        # MIME's base64 has line breaks, and some encoders write them; nothing else is skipped.
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)


def _parsed(body: str | bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(
            "the body is not valid JSON; send a JSON object, or an image with its Content-Type (image/jpeg)"
        ) from error


def _json_object(body: str | bytes) -> Mapping[str, Any]:
    document = _parsed(body)
    if not isinstance(document, dict):
        raise InvalidRequestError(f"the body must be a JSON object, not {type(document).__name__}")
    return document


def _detection_frames(document: Mapping[str, Any]) -> tuple[dict[str, Frame], tuple[str, ...]]:
    """The frames, or the S3 URIs, of the form that the client sent."""
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
    if _SOURCE not in document and _URIS in document:
        raise InvalidRequestError(
            "face comparison takes no S3 URIs; send source_image and target_image with the images in base64"
        )
    if document.get("classes") is not None:
        raise InvalidRequestError("face comparison has no classes to choose from; leave 'classes' out")
    frames = {"source": _frame(document, _SOURCE)}
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
    encoded = document[key]
    if not isinstance(encoded, str):
        raise InvalidRequestError(f"'{key}' must be a string with the image in base64, not {type(encoded).__name__}")
    try:
        image = _decoded(encoded)
    except ValueError as error:
        raise InvalidImageError(f"'{key}' is not valid base64; encode the image bytes with standard base64") from error
    if not image:
        raise InvalidImageError(f"'{key}' is empty; it holds the image in base64")
    return Frame(image)


def _header(sent: Request, name: str) -> str | None:
    """A word of the client's in a header; None where it sent none."""
    return _word(sent.word(name))


def _word(value: Any) -> str | None:
    """A word of the client's, cut for logs and keys; None where it sent none."""
    return None if value is None else short_word(value)
