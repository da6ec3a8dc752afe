"""Content types of requests, and bodies that are text although they were none.

The API takes all types as binary, so that no body is destroyed (docs/decisions/0054). An event that is sent directly
may have text, in which each byte that is not UTF-8 is the replacement character: no image survives that.
"""

from __future__ import annotations

from inference_api.errors import UnsupportedMediaTypeError
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
"""Types under which cameras send images."""
# curl sends the form's type by default; some firmware spells JSON as text.
_JSON_TYPES = frozenset({"", JSON, "application/x-www-form-urlencoded", "text/json"})
_TEXT_SUFFIXES = ("+xml", "+json")
REPLACEMENT = "\ufffd"
"""Stands for each byte of a body that could not be read as UTF-8."""
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


def is_multipart(media: str) -> bool:
    """True for a form of parts."""
    return media.startswith("multipart/")


def is_text(media: str) -> bool:
    """True for types of text, XML among them."""
    return media.startswith("text/") or media.endswith(_TEXT_SUFFIXES) or media == "application/xml"


def require_whole(sent: Request, media: str) -> None:
    """Refuse bytes that reached the function as text.

    Raises:
        UnsupportedMediaTypeError: the type is an image's, or the bytes are none of text.
    """
    if sent.is_base64 or is_text(media):
        return
    is_image = media in IMAGE_TYPES or media.startswith("image/")
    is_damaged = REPLACEMENT in sent.body and not is_json(media)
    if is_image or is_damaged:
        raise UnsupportedMediaTypeError(
            f"a body of type '{media}' arrives as text, which bytes do not survive; send {_SEND} or "
            "application/octet-stream, in an event in base64"
        )
