"""Hours of the week in a time zone: ``mon-fri 07:00-19:00``, ``sat,sun 22:00-06:00``, ``daily 00:00-24:00``.

Hours are those that a clock on the wall shows. A window that ends before it begins goes on into the next day, which
need not be named. On the two days of a change of time, an hour that the clock skips does not exist, and one that it
shows twice counts twice.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY_DAY = "daily"
_WINDOW = re.compile(r"([a-z,\- ]+?)\s+(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_LONGEST_TEXT = 100
_DAY_MINUTES = 24 * 60
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_LONGEST_WAIT_DAYS = 15  # a week, and another where the only window falls into a skipped hour


class HoursError(ValueError):
    """A text that tells no hours: the message says what to write."""


@dataclass(frozen=True)
class Window:
    """Hours of some days of the week.

    Attributes:
        days: the days on which it begins, Monday is 0.
        begin: its first minute of the day.
        end: the minute of the day before which it ends, at most 1440; not more than ``begin`` where it ends on the next
            day.
    """

    days: frozenset[int]
    begin: int
    end: int

    def holds(self, day: int, minute: int) -> bool:
        """True for a minute of a day of the week that lies in the window."""
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)


@dataclass(frozen=True)
class Hours:
    """Windows in a time zone."""

    windows: tuple[Window, ...]
    zone: ZoneInfo

    def is_open(self, moment: datetime) -> bool:
        """True when a clock on the wall shows a minute of one of the windows.

        Args:
            moment: a time with a zone.
        """
        local = moment.astimezone(self.zone)
        return any(window.holds(local.weekday(), local.hour * 60 + local.minute) for window in self.windows)

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first moment from ``moment`` on in which they are open, in UTC; None where there is none in two weeks."""
        now = moment.astimezone(UTC)
        if self.is_open(now):
            return now
        later = (each for each in {*self._begins(now), *_changes(self.zone, now)} if each > now and self.is_open(each))
        return min(later, default=None)

    def _begins(self, now: datetime) -> Iterator[datetime]:
        """The begins of windows in two weeks, both where a clock that is set back shows them twice."""
        today = now.astimezone(self.zone).date()
        for after in range(-1, _LONGEST_WAIT_DAYS):
            day = today + after * _DAY
            for window in self.windows:
                if day.weekday() in window.days:
                    begin = time(window.begin // 60, window.begin % 60)
                    for fold in (0, 1):
                        yield datetime.combine(day, begin.replace(fold=fold), self.zone).astimezone(UTC)


def of_texts(texts: tuple[str, ...], zone: str | None) -> Hours:
    """Read the hours of a profile.

    Raises:
        HoursError: a text tells none.
    """
    return Hours(tuple(map(window_of, texts)), zone_named(zone))


@functools.lru_cache(maxsize=1024)
def window_of(text: str) -> Window:
    """Read one text.

    Raises:
        HoursError: it tells no hours.
    """
    found = _WINDOW.fullmatch(text.strip().lower().replace("\u2013", "-")) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        raise HoursError(
            f"'{text[:_LONGEST_TEXT]}' tells no hours; write them as 'mon-fri 07:00-19:00' or 'daily 22:00-06:00'"
        )
    begin, end = _minute(found[2], found[3], text), _minute(found[4], found[5], text)
    if begin in (end, _DAY_MINUTES):
        raise HoursError(f"'{text}' has no minute; write 00:00-24:00 for the whole day")
    return Window(_days(found[1], text), begin, end)


@functools.lru_cache(maxsize=1024)
def zone_named(name: str | None) -> ZoneInfo:
    """The time zone of an IANA name; UTC for None, and for a name that this process has no rules of.

    Names are checked when a profile is written; a frame must not fail for one that is newer than this process.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, OSError, ValueError):
        return ZoneInfo("UTC")


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day that a calendar on the wall shows."""
    return moment.astimezone(zone).date()


def next_midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment in which the next day begins, in UTC; where the clock skips midnight, the moment of the change."""
    tomorrow = day_of(moment, zone) + _DAY
    early, late = sorted(datetime.combine(tomorrow, time(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    while day_of(early, zone) < tomorrow and early < late:
        early += _MINUTE
    return early


def _changes(zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """The moments in two weeks in which the clock is set."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    for _ in range(_LONGEST_WAIT_DAYS * 24):
        if _offset(hour, zone) != _offset(hour + _HOUR, zone):
            minutes = (hour + minute * _MINUTE for minute in range(1, 61))
            yield next(each for each in minutes if _offset(each, zone) == _offset(hour + _HOUR, zone))
        hour += _HOUR


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _minute(hours: str, minutes: str, text: str) -> int:
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > _DAY_MINUTES:
        raise HoursError(f"'{text}' has no time of the day in {hours}:{minutes}; write 00:00 to 24:00")
    return minute


def _days(said: str, text: str) -> frozenset[int]:
    """The days that ``mon-fri``, ``sat,sun``, ``fri-mon,wed`` and ``daily`` name."""
    if said.strip() == _EVERY_DAY:
        return frozenset(range(7))
    days: set[int] = set()
    for part in said.split(","):
        names = [name.strip() for name in part.split("-")]
        if len(names) > 2 or not set(names) <= set(DAYS):
            raise HoursError(
                f"'{text}' has no day in '{part.strip()}'; days are {', '.join(DAYS)}, mon-fri is a range of them, and "
                f"{_EVERY_DAY} is all of them"
            )
        begin, end = DAYS.index(names[0]), DAYS.index(names[-1])
        days |= {(begin + offset) % 7 for offset in range((end - begin) % 7 + 1)}
    return frozenset(days)
