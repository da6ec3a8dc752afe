"""Content types of requests, and bodies that API Gateway made text of although they were none.

API Gateway passes a body on as bytes where its type is one of the API's binary types, letter by letter. Every other
body becomes text, and each byte that is not UTF-8 the replacement character, which no image survives.
"""

from __future__ import annotations

from inference_api.errors import InvalidRequestError, UnsupportedMediaTypeError
from inference_api.messages import JSON
from inference_api.proxy import Request

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
"""Types of images, all of which the API passes on as bytes."""
# curl sends the form's type by default; some firmware spells JSON as text.
_JSON_TYPES = frozenset({"", JSON, "application/x-www-form-urlencoded", "text/json"})
_TEXT_SUFFIXES = ("+xml", "+json")
REPLACEMENT = "\ufffd"
"""Stands for each byte of a body that API Gateway could not read as UTF-8."""
_SEND = "image/jpeg, image/png, image/webp, image/bmp"


def media_type(sent: Request) -> str:
    """The type of a request's body, in lower case and without parameters; empty where none is declared."""
    return sent.headers.get("content-type", "").split(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """True for the types under which clients send JSON."""
    return media in _JSON_TYPES


def unsupported(media: str, *, takes_images: bool) -> UnsupportedMediaTypeError:
    """The error for a type that the application does not take."""
    accepted = f"{_SEND} or {JSON}" if takes_images else JSON
    return UnsupportedMediaTypeError(f"content type '{media}' is not supported; send {accepted}")


def require_whole(sent: Request, media: str) -> None:
    """Refuse an image that reached the function as text.

    Raises:
        InvalidRequestError: its type is one of an image, but not as API Gateway compares it.
        UnsupportedMediaTypeError: its type is no binary type of the API, or its bytes are none of text.
    """
    if sent.is_base64:
        return
    if media in IMAGE_TYPES:
        raise InvalidRequestError(f"write the Content-Type in lower case, without anything behind it: {media}")
    is_image = media.startswith("image/") and not media.endswith(_TEXT_SUFFIXES)
    is_damaged = REPLACEMENT in sent.body and not is_json(media) and not media.startswith("text/")
    if is_image or (is_damaged and not media.endswith(_TEXT_SUFFIXES)):
        raise UnsupportedMediaTypeError(
            f"a body of type '{media}' arrives as text, which bytes do not survive; send {_SEND} or "
            "application/octet-stream"
        )
