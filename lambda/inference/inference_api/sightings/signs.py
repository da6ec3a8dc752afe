"""Signs of life, recorded at most once a minute for each camera and process, beside the request."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from camera_registry import hours
from camera_registry.profiles import SILENT_AFTER_S, Profile
from camera_registry.states import RECORDED_EVERY_S
from inference_api.sightings import quota
from inference_api.sightings.table import Change, ConditionError, StatesTable

_MOST_CAMERAS = 4096  # more than a process answers in a minute
_PAUSE_S = 5.0  # after a failure, in which no frame waits for the table


@dataclass
class _Noted:
    """What this process knows of a camera.

    Attributes:
        written: the time of its last write, in seconds since 1970.
        day: the day of ``frames``.
        frames: frames since the last write.
        skew: the smallest skew since the last write.
        spent: the smallest number of frames for which ``day`` had no room, and the quota by which it had none.
    """

    written: float = float("-inf")
    day: str = ""
    frames: int = 0
    skew: int | None = None
    spent: tuple[str, int, int] | None = None


class Signs:
    """The signs of life that a process saw. Not thread-safe: one thread calls it, another one writes."""

    def __init__(
        self, table: StatesTable, *, failed: Callable[[Exception], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without knowledge of any camera.

        Args:
            table: the table of states.
            failed: told of every write that failed.
            clock: tells seconds, of which only differences count.
        """
        self._table = table
        self._failed = failed
        self._clock = clock
        self._noted: OrderedDict[str, _Noted] = OrderedDict()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="signs-of-life")
        self._begun: list[Future[None]] = []
        self._paused_until = float("-inf")

    def see(
        self, camera_id: str, profile: Profile, *, frames: int, received: datetime, device_time: datetime | None
    ) -> None:
        """Note a sign of life, and begin to write it where the last write is a minute old.

        Frames of a camera with a quota are counted by ``spend`` alone.
        """
        noted, now, day = self._of(camera_id), received.timestamp(), _day(profile, received)
        if noted.day != day:
            noted.day, noted.frames = day, 0
        noted.frames += frames if profile.frames_a_day is None else 0
        if device_time is not None:
            skew = round((device_time - received).total_seconds())
            # An alarm that is sent again has an old time: the least skew of a minute is the clock's.
            noted.skew = skew if noted.skew is None else min(skew, noted.skew, key=abs)
        if 0 <= now - noted.written < RECORDED_EVERY_S:
            return
        sets, counted = _sets(profile, noted, now), noted.frames
        noted.written, noted.frames, noted.skew = now, 0, None
        self._begun.append(self._writer.submit(_record, self._table, camera_id, day, sets, counted))

    def spend(self, camera_id: str, profile: Profile, *, frames: int, received: datetime) -> bool:
        """Count frames against the quota of the profile, which is a sign of life, too.

        Returns:
            False where the day has no room for them. Where the table does not answer, no frame is lost.
        """
        noted, day, most = self._of(camera_id), _day(profile, received), profile.frames_a_day or 0
        if noted.spent and noted.spent[:2] == (day, most) and frames >= noted.spent[2]:
            return False
        if self._clock() < self._paused_until:
            return True
        now = received.timestamp()
        try:
            is_let_in = quota.spend(
                self._table, camera_id, day, sets=_sets(profile, noted, now), frames=frames, most=most
            )
        except (BotoCoreError, ClientError, TimeoutError) as error:
            self._paused_until = self._clock() + _PAUSE_S
            self._failed(error)
            return True
        if is_let_in:
            noted.written, noted.skew = now, None
        else:
            noted.spent = (day, most, frames)
        return is_let_in

    def settle(self, timeout: float) -> None:
        """Wait for the writes that began, and tell of those that failed."""
        done, unfinished = wait(self._begun, timeout)
        self._begun = list(unfinished)
        for write in done:
            error = write.exception()
            if isinstance(error, Exception):
                self._failed(error)

    def _of(self, camera_id: str) -> _Noted:
        noted = self._noted.setdefault(camera_id, _Noted())
        self._noted.move_to_end(camera_id)
        if len(self._noted) > _MOST_CAMERAS:
            self._noted.popitem(last=False)
        return noted


def _day(profile: Profile, moment: datetime) -> str:
    return hours.day_of(moment, hours.zone_named(profile.zone)).isoformat()


def _sets(profile: Profile, noted: _Noted, now: float) -> dict[str, Any]:
    skew = {} if noted.skew is None else {"skew_s": noted.skew}
    return {"last_seen": int(now), "silent_after_s": profile.silent_after_s or SILENT_AFTER_S, **skew}


def _record(table: StatesTable, camera_id: str, day: str, sets: dict[str, Any], frames: int) -> None:
    """Write a sign of life, and add frames to their day, or begin it."""
    adding = Change(sets=sets, adds={"frames": frames}, removes=("expires",))
    for change in (
        replace(adding, condition="#day = :today", values={"today": day}),
        quota.beginning(day, sets, frames),
    ):
        try:
            return table.update(camera_id, change)
        except ConditionError:
            continue
    return table.update(camera_id, adding)  # another process began the day, or a later one of another zone
