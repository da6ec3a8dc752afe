"""What is done with a camera's frames: its own profile over those of its tags, over the fleet's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y), from 0 to 1 of the frame's width and height."""

SILENT_AFTER_S = 900
"""Seconds without a sign of life after which a camera is silent whose profile says nothing else."""


@dataclass(frozen=True)
class Profile:
    """What is done with the frames of a camera; None stands for what the next wider profile says, or for no limit.

    Attributes:
        min_confidence: least score of a box, from 0 to 1.
        classes: names of the classes that pass; ``*`` is every class.
        regions: polygons; a box passes whose bottom centre lies in one of them.
        min_box: least (width, height) of a box, from 0 to 1 of the frame's.
        max_box: largest (width, height).
        zone: the IANA time zone of the hours and of the day; UTC where it is None.
        hours: such as ``mon-fri 07:00-19:00`` or ``sat,sun 22:00-06:00``; frames of other times are not looked at.
        frames_a_day: most frames a day of the zone.
        frame_interval_ms: the pace that the camera is asked to keep, in milliseconds.
        keep: one of ``profile_values.KEEPS``; ``everything`` where it is None.
        retention: one of ``profile_values.RETENTIONS``; the bucket's own where it is None.
        silent_after_s: seconds without a sign of life after which the camera is silent; ``SILENT_AFTER_S`` where it is
            None.
    """

    min_confidence: float | None = None
    classes: tuple[str, ...] | None = None
    regions: tuple[Polygon, ...] | None = None
    min_box: tuple[float, float] | None = None
    max_box: tuple[float, float] | None = None
    zone: str | None = None
    hours: tuple[str, ...] | None = None
    frames_a_day: int | None = None
    frame_interval_ms: int | None = None
    keep: str | None = None
    retention: str | None = None
    silent_after_s: int | None = None

    @property
    def speaks_of_boxes(self) -> bool:
        """True when some boxes may not pass."""
        limits = (self.min_confidence, self.classes, self.regions, self.min_box, self.max_box)
        return any(limit is not None for limit in limits)

    def over(self, wider: Profile) -> Profile:
        """This profile, with what the wider one says where it says nothing."""
        said = {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) is not None}
        return Profile(**{each.name: said.get(each.name, getattr(wider, each.name)) for each in fields(self)})

    def as_json(self) -> str:
        """What it says, as a JSON object."""
        return json.dumps(
            {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) is not None}
        )


def combined(own: Profile, of_tags: Iterable[Profile], of_fleet: Profile) -> Profile:
    """The profile in force: the camera's own, over those of its tags, the first first, over the fleet's."""
    profile = own
    for wider in (*of_tags, of_fleet):
        profile = profile.over(wider)
    return profile


class ProfileError(ValueError):
    """A profile that says nothing that can be done: the message says what to change."""


def of_document(document: Mapping[str, Any]) -> Profile:
    """Check the values of a JSON object.

    Args:
        document: the object; a value of null says nothing.

    Raises:
        ProfileError: an unknown name, with the nearest, or a value that the name does not take.
    """
    if not isinstance(document, Mapping):
        raise ProfileError('a profile is a JSON object, such as {"min_confidence": 0.6}')
    from camera_registry import profile_values  # it loads the time zones, which a start without cameras does not need

    try:
        return Profile(**profile_values.read_all(document))
    except ValueError as error:
        raise ProfileError(str(error)) from error
