"""Cameras in words for people."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len

from camera_registry.cameras import Camera
from camera_registry.profiles import Profile
from workbench.cameras import keys
from workbench.cameras.instructions import Instructions
from workbench.cameras.listing import STATES, Seen

_HEAD = ("camera", "site", "state", "last seen", "frames today", "clock")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def table(found: Sequence[Seen], now: datetime) -> str:
    """Lines of a table and their sum; rich would take seconds for the lines of a large fleet."""
    rows = [_HEAD, *(_row(each, now) for each in found)]
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = [
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    counts = Counter(each.state for each in found)
    of_states = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    return "\n".join([*(lines if found else []), f"{len(found)} cameras" + (f": {of_states}" if found else "")])


def profile_lines(named: Sequence[tuple[str, Profile]]) -> list[dict[str, Any]]:
    """Each value of the profile in force, with whose it is: the first profile that says it, or the default."""
    found = []
    for field in dataclasses.fields(Profile):
        said = ((getattr(profile, field.name), whose) for whose, profile in named)
        value, whose = next((pair for pair in said if pair[0] is not None), (None, "default"))
        found.append({"name": field.name, "value": value, "from": whose})
    return found


def described(camera: Camera, seen: Seen, profile: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """All about a camera but its secrets, as JSON's values."""
    return {
        **seen.as_document(),
        "status": camera.status,
        "principal": camera.principal,
        "keys": [keys.described(each) for each in keys.live(camera, now)],
        "created": camera.created.isoformat(),
        "updated": camera.updated.isoformat(),
        "profile": list(profile),
    }


def shown(document: dict[str, Any], camera: Camera, seen: Seen, now: datetime) -> str:
    """All about a camera in lines."""
    said = {
        "camera": camera.camera_id,
        "state": seen.state,
        "site": camera.site,
        "tags": ", ".join(camera.tags),
        "vendor": camera.vendor,
        "signs as": camera.principal or "",
        "last seen": ago(seen.last_seen, now),
        "frames today": str(seen.frames_today),
        "clock": skew(seen),
        "created": f"{camera.created:%Y-%m-%d %H:%M} UTC",
    }
    lines = [f"{name:<14}{_safe(value)}" for name, value in said.items() if value]
    for key in document["keys"]:
        until = f", until {key['expires'][:16].replace('T', ' ')} UTC" if key["expires"] else ""
        lines.append(f"{'key':<14}{key['name']}..., may {', '.join(key['scopes'])}{until}")
    lines += ["profile in force"]
    width = max(len(row["name"]) for row in document["profile"])
    for row in document["profile"]:
        value = "-" if row["value"] is None else row["value"]
        lines.append(f"  {row['name']:<{width}}  {value}  ({row['from']})")
    return "\n".join(lines)


def told_once(instructions: Instructions, *, user: str, password: str, key: str) -> str:
    """The key, which is shown once, and what is typed into the camera's menu."""
    width = max(map(len, instructions.fields))
    return "\n".join(
        [
            "shown once, and kept nowhere:",
            f"  user       {user}",
            f"  password   {password}",
            f"  whole key  {key}",
            "",
            f"in the menu of {instructions.title}: {instructions.place}",
            *(f"  {word:<{width}}  {value}" for word, value in instructions.fields.items()),
            *(f"  note: {note}" for note in instructions.notes),
            "",
            "or try it:",
            f"  {instructions.curl}",
        ]
    )


def skew(seen: Seen) -> str:
    """How wrong the clock is; empty where it is right or unknown."""
    if not seen.is_skewed or seen.skew_s is None:
        return ""
    return f"{_span(abs(seen.skew_s))} {'ahead' if seen.skew_s > 0 else 'behind'}"


def ago(then: datetime | None, now: datetime) -> str:
    """How long ago something was."""
    return f"{_span(max(0, int((now - then).total_seconds())))} ago" if then else "never"


def _row(seen: Seen, now: datetime) -> tuple[str, ...]:
    return (
        seen.camera_id,
        _safe(seen.site),
        seen.state,
        ago(seen.last_seen, now),
        str(seen.frames_today),
        skew(seen),
    )


def _span(seconds: int) -> str:
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def _safe(text: str) -> str:
    """Text without characters that steer a terminal; other programs may write into the table, too."""
    return "".join(character if character.isprintable() else "?" for character in text)
