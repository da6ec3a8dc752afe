"""Paths of pushes: ``/push``, ``/push/CAMERA``, vendors' own suffixes behind them, and what cameras call elsewhere."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass

from inference_api.messages import short_word
from inference_api.proxy import CREDENTIALS_IN_QUERY, Request

_DOOR = "push"
_OURS = (_DOOR, "inference")
_METHODS = ("GET", "POST", "PUT")
# First segments of paths that devices put behind the one that was typed into their menu.
_SUFFIXES = frozenset(
    {
        "notificationinfo",
        "lapi",
        "picturehttpupload",
        "eventhttpupload",
        "keepalive",
        "sendkeepalive",
        "sendalarmstatus",
        "sendalarmdata",
        "cgi-bin",
        "api",
    }
)


@dataclass(frozen=True)
class Place:
    """The place that a push came to.

    Attributes:
        camera: the camera's name in the path, a claim; None where there is none.
        rest: the path behind it, such as ``/NotificationInfo/KeepAlive``; empty where there is none.
    """

    camera: str | None
    rest: str


def is_below_door(request: Request) -> bool:
    """True for a push: ``/push`` and all below it."""
    return request.method in _METHODS and _first(request.path) == _DOOR


def may_be_elsewhere(request: Request) -> bool:
    """True for what cameras call beside the door, which is a push where the camera is known."""
    if _first(request.path) in _OURS:
        return False
    return request.method in ("POST", "PUT") or is_heartbeat_elsewhere(request)


def is_heartbeat_elsewhere(request: Request) -> bool:
    """True for a sign of life at the host's root, where some devices send it without any credential."""
    last = request.path.rstrip("/").rpartition("/")[2].lower()
    return request.method == "GET" and _first(request.path) not in _OURS and last in ("", "keepalive")


def place_of(request: Request) -> Place:
    """Take the path of a push apart."""
    if _first(request.path) != _DOOR:
        return Place(None, request.path.rstrip("/"))
    segments = [segment for segment in request.path.split("/") if segment][1:]
    camera = None
    if segments and segments[0].lower() not in _SUFFIXES:
        camera = short_word(urllib.parse.unquote(segments.pop(0), errors="replace"))
    return Place(camera, "".join(f"/{segment}" for segment in segments) or _behind_key(request))


def _behind_key(request: Request) -> str:
    """The vendor's suffix that a device put behind the whole URL that it was told, and so behind the key in it."""
    suffixes = (request.query.get(name, "").partition("/") for name in CREDENTIALS_IN_QUERY)
    return next((f"/{rest}".rstrip("/") for _, slash, rest in suffixes if slash), "")


def _first(path: str) -> str:
    return path.lstrip("/").partition("/")[0]
