"""The credentials that a request presents, in every way in which a camera can send one.

=================================  ==================================================================
``Authorization: Basic``           user: the camera's id or the key's name; password: the secret, or the whole key
``Authorization: Bearer``          the whole key
``x-api-key``                      the whole key
``?k=`` or ``?key=``               the whole key; a camera may append a path of its own to the URL, behind the key
=================================  ==================================================================

Other schemes count for nothing: some cameras send a Digest with empty values unasked, beside the key in their URL.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from camera_registry import credentials
from camera_registry.credentials import Key
from inference_api.proxy import Request

_IN_QUERY = ("k", "key")
_MOST = 4  # that are tried: a request must not cost a hundred reads
_LONGEST = 512  # characters that are looked at: more than any camera's id with a key, in base64
_LETTERS_AND_DIGITS = re.compile(r"[A-Za-z0-9]*")


@dataclass(frozen=True)
class Presented:
    """A credential as a request presents it, right or wrong.

    Attributes:
        user: the camera's id or the key's name; empty where none is said.
        key: the whole key; None where there is none, or something else in its place.
        secret: the secret, or what stands in its place.
    """

    user: str
    key: Key | None = field(repr=False)
    secret: str = field(repr=False)


def presented(request: Request) -> list[Presented]:
    """The credentials of a request, in the order in which they are tried: headers first, at most four."""
    ways = [*_of_headers(request), *_of_query(request)]
    return ways[:_MOST]


def _of_headers(request: Request) -> Iterator[Presented]:
    for value in _several(request, "authorization"):
        scheme, *rest = value.split(None, 1)
        if scheme.lower() == "basic" and rest:
            yield _basic(rest[0].strip()[:_LONGEST])
        elif scheme.lower() == "bearer" and rest:
            yield _whole(rest[0])
    for value in _several(request, "x-api-key"):
        yield _whole(value)


def _of_query(request: Request) -> Iterator[Presented]:
    for name in _IN_QUERY:
        for value in _values(request, "queryStringParameters", "multiValueQueryStringParameters", name):
            found = _LETTERS_AND_DIGITS.match(value[:_LONGEST])
            assert found is not None
            yield _whole(found[0])


def _several(request: Request, name: str) -> list[str]:
    """All values of a header; those of a repeated one may come joined by commas, which no credential has."""
    found = _values(request, "headers", "multiValueHeaders", name)
    return [part.strip() for value in found for part in value.split(",") if part.strip()]


def _values(request: Request, single: str, several: str, name: str) -> list[str]:
    """All values of a header or a query parameter that are not empty, whatever the case of its name."""
    of_all: Mapping[str, list[Any]] = request.event.get(several) or {}
    values = [each for key, found in of_all.items() if key.lower() == name for each in found or []]
    if not values:
        of_one: Mapping[str, Any] = request.event.get(single) or {}
        values = [value for key, value in of_one.items() if key.lower() == name]
    return [str(value) for value in dict.fromkeys(values) if value is not None and str(value).strip()]


def _whole(text: str) -> Presented:
    key = credentials.parsed(text.strip()[:_LONGEST])
    return Presented("", key, key.secret if key else "")


def _basic(encoded: str) -> Presented:
    """A user and a password, which are parted at the last colon: an id may have colons, a key has none.

    A whole key may be the user beside an empty password, as of many other services.
    """
    try:
        # Some devices leave the padding out.
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    user, _, password = decoded.decode(errors="replace").rpartition(":")
    if not password and user:
        user, password = "", user
    key = credentials.parsed(password)
    return Presented(user, key, key.secret if key else password)
