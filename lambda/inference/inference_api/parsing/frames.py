"""Parse an API Gateway event into the frames and options that a camera sent, in any wire format.

The body is the image itself (``Content-Type: image/jpeg``), or JSON with one or several images in base64, or with S3
URIs, or a form of parts. Existing clients send JSON without a Content-Type, and ``request_id`` as an integer. A body
that is none of these is searched for pictures, whatever its type.

An image as the body is copied once: decoded, into the bytes that are sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from inference_api.errors import InvalidImageError, InvalidRequestError
from inference_api.messages import JSON, Frame, InferenceRequest, short_word
from inference_api.parsing import bodies, found_frames, json_frames, media_types, options
from inference_api.proxy import Request
from inference_api.settings import COMPARISON, CUSTOM

UNKNOWN = "unknown"
"""The name of a camera that has none."""
_COMPARISON_OPTIONS = ("similarity_threshold", "min_confidence", "max_results")
_LEADING_BLANKS = 64
_BOUNDARY = re.compile(r"boundary=(\"?)([0-9A-Za-z'()+_,./:=?-]{1,70})\1", re.IGNORECASE)  # RFC 2046, without spaces


def declared_camera(sent: Request) -> str:
    """The camera's name by the header ``X-Camera-Id``, known before the body is read."""
    return _header(sent, "x-camera-id") or UNKNOWN


def parse(sent: Request, application_type: str, *, as_older_json: bool = False) -> InferenceRequest:
    """Parse a request. The body for a custom application passes through unread.

    Args:
        sent: the request.
        application_type: the application that the endpoint serves.
        as_older_json: true when the container reads the older JSON; then the images of a request for a custom
            application are read, too, to be sent in that form.

    Raises:
        InvalidRequestError: an empty body, a body that is not a JSON object, a missing key, keys that exclude each
            other, an invalid option, or a form without a picture.
        InvalidImageError: invalid base64, an empty image, or a broken one in a form.
        UnsupportedMediaTypeError: there is no picture, and the content type is not JSON; or bytes arrived as text.
    """
    media = media_types.media_type(sent)
    if not sent.body:
        raise InvalidRequestError("the body is empty; send an image or a JSON object")
    compares = application_type == COMPARISON
    if not compares:
        media_types.require_whole(sent, media)
    if application_type == CUSTOM:
        document = _of_built_in_clients(sent, media) if as_older_json else None
        if document is not None:
            return _in_json(sent, document, compares=json_frames.IMAGE not in document)
        if not as_older_json or not (media in media_types.IMAGE_TYPES or media_types.is_multipart(media)):
            return _unread(sent, media)
    if media_types.is_json(media):
        return _in_json_or_found(sent, compares=compares)
    if media in media_types.IMAGE_TYPES and not compares:
        return _of_image(sent)
    document = _own_document(sent)
    if document is not None:
        return _in_json(sent, document, compares=compares)
    holds_pictures = media_types.is_multipart(media) or media_types.is_text(media)  # a broken one is told
    found = (_found if holds_pictures else _found_whole)(sent, compares=compares)
    if found is not None:
        return found
    if media_types.is_multipart(media):
        raise InvalidRequestError("no part of the body holds a picture; send the image's own bytes as a part")
    raise media_types.unsupported(media, takes_images=not compares)


def _in_json_or_found(sent: Request, *, compares: bool) -> InferenceRequest:
    """JSON of our own clients; else pictures in what is no such JSON, in spite of its type."""
    try:
        document = _json_object(bodies.text_of(sent))
    except InvalidRequestError:
        found = _found_whole(sent, compares=compares)
        if found is None:
            raise
        return found
    found = _found_whole(sent, compares=compares) if json_frames.KEYS.isdisjoint(document) else None
    return found or _in_json(sent, document, compares=compares)


def _of_image(sent: Request) -> InferenceRequest:
    """A body whose type is an image's: the image, or pictures in something else. The container judges what is none."""
    frame = Frame(bodies.bytes_of(sent))
    if not frame.is_image:
        document = _own_document(sent)
        found = _found_whole(sent, compares=False) if document is None else _in_json(sent, document, compares=False)
        if found is not None:
            return found
    return _detected(sent, {"frame": frame})


def _own_document(sent: Request) -> Mapping[str, Any] | None:
    """JSON of our own clients under a type that is not JSON's, as browsers send it; None for all else.

    Its options and its camera count as under JSON's own type.
    """
    body = bodies.bytes_of(sent)
    if not body[:_LEADING_BLANKS].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        document = _json_object(body)
    except InvalidRequestError:
        return None
    return None if json_frames.OWN_KEYS.isdisjoint(document) else document


def _found_whole(sent: Request, *, compares: bool) -> InferenceRequest | None:
    """The pictures of a body; None where there is none that is whole, and the words of another error say more."""
    try:
        return _found(sent, compares=compares)
    except (InvalidRequestError, InvalidImageError):
        return None


def _found(sent: Request, *, compares: bool) -> InferenceRequest | None:
    frames = found_frames.found(sent, compares=compares)
    if not frames:
        return None
    if not compares:
        return _detected(sent, frames)
    options.refuse_in_url(sent, _COMPARISON_OPTIONS)
    return _as_sent(sent, frames)


def _detected(sent: Request, frames: Mapping[str, Frame]) -> InferenceRequest:
    return _as_sent(sent, frames, options=options.checked(options.in_url(sent)))


def _of_built_in_clients(sent: Request, media: str) -> Mapping[str, Any] | None:
    """The JSON of a client of the built-in applications; None for other bodies."""
    try:
        document = json.loads(bodies.text_of(sent)) if media_types.is_json(media) else None
    except (ValueError, RecursionError):
        return None
    return (
        document
        if isinstance(document, dict) and (json_frames.IMAGE in document or json_frames.SOURCE in document)
        else None
    )


def _unread(sent: Request, media: str) -> InferenceRequest:
    """A request whose body is the application's own business.

    Raises:
        InvalidRequestError: bytes that are neither JSON nor an image arrived under a type of JSON.
    """
    frame = Frame(bodies.bytes_of(sent), media)
    if media_types.is_json(media):
        if Frame(frame.body).is_image:  # as curl sends it
            frame = Frame(frame.body)
        else:
            frame = Frame(frame.body, JSON)
            if _is_no_text(sent, frame.body):
                _parsed(frame.body)
    elif media_types.is_multipart(media) and (boundary := _BOUNDARY.search(sent.headers["content-type"])):
        frame = Frame(frame.body, f'{media}; boundary="{boundary[2]}"')
    return _as_sent(sent, {"frame": frame}, accept=sent.headers.get("accept", "*/*"))


def _is_no_text(sent: Request, body: bytes) -> bool:
    if not sent.is_base64:
        return media_types.REPLACEMENT in sent.body
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _in_json(sent: Request, document: Mapping[str, Any], *, compares: bool) -> InferenceRequest:
    if compares:
        options.refuse_in_url(sent, _COMPARISON_OPTIONS)
    frames, uris = (json_frames.compared(document), ()) if compares else json_frames.detected(document)
    return InferenceRequest(
        frames=frames,
        uris=uris,
        options=(
            {name: document[name] for name in _COMPARISON_OPTIONS if name in document}
            if compares
            else options.checked({**options.in_url(sent), **document}) | json_frames.clip(document)
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


def _header(sent: Request, name: str) -> str | None:
    """A word of the client's in a header; None where it sent none."""
    return _word(sent.word(name))


def _word(value: Any) -> str | None:
    """A word of the client's, cut for logs and keys; None where it sent none."""
    return None if value is None else short_word(value)
