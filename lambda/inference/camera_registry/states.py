"""What a camera did, as the table of states keeps it beside the registry.

==================  ==================================================================================
``id``              the other attributes
==================  ==================================================================================
``camera#CAMERA``   ``last_seen``, ``day``, ``frames``, ``skew_s``, ``silent_after_s``, and, while it is silent,
                    ``silent_since``; while it comes back, ``returned_since`` and ``returned_until``
==================  ==================================================================================

Times are whole seconds since 1970. An item without ``last_seen`` is of no camera any more, and ends at ``expires``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from camera_registry.profiles import SILENT_AFTER_S

RECORDED_EVERY_S = 60
"""A sign of life is recorded at most so often, so that a last one may be so much older than the true last."""
SHOWN_SKEW_S = 120
"""A clock that is wrong by less is not worth a word: pushes take their time, too."""
CAMERA = "camera#"
"""Begins the ids of cameras in both tables."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What a camera did.

    Attributes:
        camera_id: the camera.
        last_seen: its last sign of life that was recorded.
        day: the day of ``frames`` in the zone of its profile, such as ``2026-11-30``; None before the first.
        frames: frames of that day: those let in where its profile has a quota, else all, a minute late at most.
        skew_s: its clock less the time of receipt, in seconds; None for a camera that tells no time with a zone.
        silent_after_s: that of its profile when it was last seen.
        silent_since: its last sign of life before it fell silent; None while it is not silent.
        returned_since: its first sign of life since, without a gap up to now; None where there is none.
        returned_until: the last of them that the watch has looked at.
    """

    camera_id: str
    last_seen: int
    day: str | None = None
    frames: int = 0
    skew_s: int | None = None
    silent_after_s: int = SILENT_AFTER_S
    silent_since: int | None = None
    returned_since: int | None = None
    returned_until: int | None = None

    @classmethod
    def of_item(cls, item: Mapping[str, Mapping[str, Any]]) -> State | None:
        """Read an item in DynamoDB's own form, such as ``{"last_seen": {"N": "1764500000"}}``.

        Returns:
            None for an item of no camera.
        """
        key = item["id"]["S"]
        if not key.startswith(CAMERA) or "last_seen" not in item:
            return None
        return cls(
            camera_id=key.removeprefix(CAMERA),
            last_seen=_number(item, "last_seen") or 0,
            day=item["day"]["S"] if "day" in item else None,
            frames=_number(item, "frames") or 0,
            skew_s=_number(item, "skew_s"),
            silent_after_s=_number(item, "silent_after_s") or SILENT_AFTER_S,
            silent_since=_number(item, "silent_since"),
            returned_since=_number(item, "returned_since"),
            returned_until=_number(item, "returned_until"),
        )


def _number(item: Mapping[str, Mapping[str, Any]], name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None
