"""Filling in a camera's menu: where it pushes, and with what it proves itself."""

from __future__ import annotations

import shlex
import urllib.parse
from dataclasses import dataclass
from typing import Any

from camera_registry.credentials import Key
from workbench.cameras.menus import GENERIC, MENUS

_PORTS = {"https": 443, "http": 80}
_LONGEST_USER = 32
"""Characters of a user's name that every menu takes, as Hikvision's does."""
_QUERY = "k"
"""Parameter of the URL that holds the key."""


@dataclass(frozen=True)
class Instructions:
    """Words of a menu with their values, and how to try it.

    Attributes:
        title: the vendor.
        place: the way to the page.
        fields: what is typed where, in the page's order.
        notes: what one has to know besides; a value that is too long for its field first.
        curl: a command that sends a picture as the camera does.
    """

    title: str
    place: str
    fields: dict[str, str]
    notes: tuple[str, ...]
    curl: str

    def as_document(self) -> dict[str, Any]:
        """The instructions as JSON's values."""
        return {"menu": self.place, "fields": self.fields, "notes": list(self.notes), "curl": self.curl}


def user_name(camera_id: str, key: Key) -> str:
    """The user of Basic authorization: the camera's name, or the key's where that is too long or has a colon."""
    return camera_id if len(camera_id) <= _LONGEST_USER and ":" not in camera_id else key.name


def instructions(vendor: str, *, push_url: str, camera_id: str, key: Key) -> Instructions:
    """Fill in the menu of a vendor.

    Args:
        vendor: a name of ``MENUS``; empty for any other.
        push_url: the URL where cameras push.
        camera_id: the camera.
        key: its key.
    """
    menu = MENUS[vendor or GENERIC]
    parts = urllib.parse.urlsplit(push_url)
    query = urllib.parse.urlencode({_QUERY: key.text})
    values = {
        "host": parts.hostname or "",
        "port": str(parts.port or _PORTS[parts.scheme]),
        "protocol": parts.scheme.upper(),
        "path": parts.path,
        "path_with_key": f"{parts.path}?{query}",
        "url": push_url,
        "url_with_key": f"{push_url}?{query}",
        "user": user_name(camera_id, key),
        "password": key.secret,
        "key": key.text,
    }
    fields = {word: text.format_map(values) for word, text in menu.fields.items()}
    too_long = tuple(
        f"{word} takes {most} characters, and this has {len(fields[word])}: use a custom domain or a LAN listener"
        for word, most in menu.longest.items()
        if len(fields[word]) > most
    )
    proof = f"{values['user']}:{values['password']}"
    curl = shlex.join(["curl", "-u", proof, "-H", "Content-Type: image/jpeg", "--data-binary", "@frame.jpg", push_url])
    return Instructions(menu.title, menu.place, fields, (*too_long, *menu.notes), curl)
