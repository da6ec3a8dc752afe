"""Facts about a camera as words: those of ``add``, of ``set`` and of a file's row are checked by one rule."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from camera_registry import cameras, principals, profiles
from camera_registry.cameras import Camera
from camera_registry.profiles import Profile
from camera_registry.scopes import SCOPES
from ipc_ai_catalogue import nearest
from workbench import typed
from workbench.cameras import keys, menus
from workbench.errors import CameraError

FACTS = ("site", "tags", "vendor", "principal")
OF_PROFILE = tuple(each.name for each in dataclasses.fields(Profile))
_TAG_ONCE = "tag"
"""What one says for ``tags`` who has only one."""
_LISTS = {
    "tags": re.compile("[,;]"),
    "classes": re.compile("[,;]"),
    "scopes": re.compile("[,;]"),
    "hours": re.compile(";"),
}
"""What stands between several values; hours have commas between days."""
_PAIRS = ("min_box", "max_box")
_NUMBERS = ("min_confidence", "frames_a_day", "frame_interval_ms", "silent_after_s")
_MOST_TAGS, _LONGEST_TAG, _LONGEST_SITE = 10, 64, 128
_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:(?:iam::\d{12}:(?:role|user)|sts::\d{12}:assumed-role)/[\w+=,.@/-]{1,512}", re.ASCII
)


@dataclass(frozen=True)
class Changes:
    """Facts to write: some of ``FACTS``, and JSON values of a profile, None to take one away."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)

    def on(self, camera: Camera) -> Camera:
        """The camera with the changes, and otherwise as it is.

        Raises:
            CameraError: a value of the profile says nothing that can be done.
        """
        return dataclasses.replace(camera, **self.facts, profile=self.on_profile(camera.profile))

    def on_profile(self, profile: Profile) -> Profile:
        """The profile with the changes.

        Raises:
            CameraError: a value says nothing that can be done.
        """
        if not self.profile:
            return profile
        document = {**json.loads(profile.as_json()), **self.profile}
        said = {name: value for name, value in document.items() if value is not None}
        try:
            return profiles.of_document(said)
        except profiles.ProfileError as error:
            raise CameraError(str(error)) from error


def new_camera(camera_id: str, changes: Changes, now: datetime) -> Camera:
    """A camera of these facts, without a credential.

    Raises:
        CameraError: the name or a value is none that a camera has.
    """
    return changes.on(Camera(camera_id=required_name(camera_id), created=now, updated=now))


def require_same(present: Camera, asked: Camera, said: Mapping[str, Any], scopes: Sequence[str], now: datetime) -> None:
    """Refuse to add a camera that is there with other facts than were said.

    Raises:
        CameraError: the command that changes them.
    """
    name, held = present.camera_id, keys.live(present, now)
    words = [f"{fact}={said[fact]}" for fact in said if getattr(present, fact) != getattr(asked, fact)]
    if words:
        call = typed.command("camera", "set", name, *words)
        raise CameraError(f"'{name}' is there, with other facts; change them with '{call}'")
    if scopes and (not held or held[0].scopes != tuple(scopes)):
        call = typed.command("camera", "rotate", name, "--scopes", ",".join(scopes))
        raise CameraError(f"'{name}' is there, and its key may do other things; give it another with '{call}'")


def required_name(camera_id: str) -> str:
    """The name, where a camera may have it."""
    if not cameras.is_camera_id(camera_id):
        raise CameraError(
            f"'{camera_id[:80]}' is no name of a camera; use 1 to 64 of the letters A to Z, digits, and _ . : @ -"
        )
    return camera_id


def required_scopes(words: Sequence[str]) -> tuple[str, ...]:
    """The scopes, in the order of ``scopes.SCOPES``."""
    for word in words:
        if word not in SCOPES:
            raise CameraError(f"unknown scope '{word}'{nearest(word, SCOPES)}; scopes: {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in words)


def changes(words: Mapping[str, Any], *, of_profile_alone: bool = False) -> Changes:
    """Read words by their names; an empty one takes the value away.

    Args:
        words: texts as typed, or values of JSON, by name.
        of_profile_alone: true for the fleet and for tags, which have no site.

    Raises:
        CameraError: an unknown name, with the nearest, or a value that the name does not take.
    """
    facts: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    for given, word in words.items():
        name = "tags" if given == _TAG_ONCE else given
        if name in FACTS and not of_profile_alone:
            facts[name] = _fact(name, word)
        elif name in OF_PROFILE:
            profile[name] = _of_profile(name, word)
        else:
            choices = OF_PROFILE if of_profile_alone else (*FACTS, *OF_PROFILE)
            raise CameraError(f"unknown name '{given}'{nearest(given, choices)}; names: {', '.join(choices)}")
    return Changes(facts, profile)


def several(name: str, word: Any) -> list[str]:
    """Several values of a name: a list of JSON, or a text with commas or semicolons between."""
    parts = word if isinstance(word, list) else _LISTS[name].split(str(word))
    return [str(part).strip() for part in parts if str(part).strip()]


def _fact(name: str, word: Any) -> Any:
    if name == "tags":
        return _tags(several(name, word or ""))
    text = "" if word is None else str(word).strip()
    if name == "site" and (len(text) > _LONGEST_SITE or not text.isprintable()):
        raise CameraError(f"a site has at most {_LONGEST_SITE} printable characters; '{text[:40]!r}' is none")
    if name == "vendor":
        return menus.vendor(text) if text else ""
    if name == "principal":
        if text and not _PRINCIPAL.fullmatch(text):
            raise CameraError(
                f"'{text[:80]}' is no principal; write the ARN of a role, user or session, as in "
                "arn:aws:iam::111122223333:role/gate"
            )
        return principals.kept(text) if text else None
    return text


def _tags(words: Sequence[str]) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(words))
    for tag in tags:
        required_tag(tag)
    if len(tags) > _MOST_TAGS:
        raise CameraError(f"a camera has at most {_MOST_TAGS} tags; leave out {len(tags) - _MOST_TAGS}")
    return tags


def required_tag(tag: str) -> str:
    """The tag, where it is one."""
    if not 0 < len(tag) <= _LONGEST_TAG or not tag.isprintable() or re.search(r"[\s,;=]", tag):
        raise CameraError(f"{tag[:40]!r} is no tag; use 1 to {_LONGEST_TAG} characters without blanks, commas and '='")
    return tag


def _of_profile(name: str, word: Any) -> Any:
    """A value of a profile as JSON's; its sense is checked with the others'."""
    if not isinstance(word, str):
        return word
    text = word.strip()
    if not text:
        return None
    if text.startswith(("[", "{", "@")):
        return _json(name, text)
    if name in _LISTS:
        return several(name, text)
    if name in _PAIRS:
        return [_number(name, part) for part in text.split(",")]
    return _number(name, text) if name in _NUMBERS else text


def _json(name: str, text: str) -> Any:
    source = text
    if text.startswith("@"):
        path = Path(text[1:])
        try:
            source = path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise CameraError(f"{name} cannot be read from {path}: {said}; name a file of JSON") from error
    try:
        return json.loads(source)
    except (ValueError, RecursionError) as error:
        raise CameraError(
            f"{name} is no JSON; write for example regions='[[[0,0.5],[1,0.5],[1,1],[0,1]]]', or @FILE"
        ) from error


def _number(name: str, text: str) -> float | int:
    try:
        return int(text) if re.fullmatch(r"[+-]?\d{1,15}", text.strip(), re.ASCII) else float(text)
    except ValueError as error:
        raise CameraError(f"{name} takes numbers, and '{text[:40]}' is none; write for example {name}=0.5") from error
