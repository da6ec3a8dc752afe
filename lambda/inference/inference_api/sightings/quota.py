"""Frames counted against the quota of a day, exactly, however many processes count at once."""

from __future__ import annotations

from collections.abc import Mapping

from inference_api.sightings.table import Change, ConditionError, StatesTable, Value

_ATTEMPTS = 4  # a day begins once; the others lose against it


def spend(table: StatesTable, camera_id: str, day: str, *, sets: Mapping[str, Value], frames: int, most: int) -> bool:
    """Count frames of a day, where it has room for all of them.

    The item's day never goes back: frames of a process whose clock is late, or of a zone that an operator has just
    moved to the west, count to the later day.

    Args:
        table: the table of states.
        camera_id: the camera.
        day: the day in the profile's zone.
        sets: attributes that the same write sets.
        frames: how many.
        most: the quota.

    Returns:
        False where there is no room.

    Raises:
        TimeoutError: others were faster again and again.
        Exception: boto3's.
    """
    if frames > most:
        return False
    for _ in range(_ATTEMPTS):
        try:
            table.update(camera_id, _adding(day, sets, frames, most - frames))
            return True
        except ConditionError as refused:
            found = refused.item.get("day", {}).get("S", "")
        if found == day:
            return False
        if found > day:
            day = found
            continue
        try:
            table.update(camera_id, beginning(day, sets, frames))
            return True
        except ConditionError:
            continue
    raise TimeoutError("other processes were faster again and again")


def beginning(day: str, sets: Mapping[str, Value], frames: int) -> Change:
    """The change that begins a day with its first frames."""
    return Change(
        sets={**sets, "day": day, "frames": frames},
        removes=("expires",),
        condition="attribute_not_exists(#day) OR #day < :today",
        values={"today": day},
    )


def _adding(day: str, sets: Mapping[str, Value], frames: int, room: int) -> Change:
    return Change(
        sets=sets,
        adds={"frames": frames},
        removes=("expires",),
        condition="#day = :today AND #frames <= :room",
        values={"today": day, "room": room},
    )
