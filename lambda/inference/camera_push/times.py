"""Times by the clocks of cameras, in every form in which they have been seen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from camera_push import trees
from camera_push.push import DeviceTime

_EPOCHS = {9: 1, 10: 1, 11: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
"""Parts of a second by the number of digits: seconds, ms, µs or ns."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:]\d{1,9})?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?: ?(?P<zone>Z|z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?|(?<=\d) \d{2}:\d{2}))?"
)
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?(?:[T_ ] *|-)" + _CLOCK,
        r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<then>\d{1,2})[-/.](?P<year>\d{4}),?[T_ ] *" + _CLOCK,
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})[T_-]?"
        r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?:\.?\d{3,6})?(?P<zone>Z|[+-]\d{2}:?\d{2})?",
        r"(?P<year>\d{4}|\d{2})-(?P<month>\d{2})-(?P<day>\d{2})[_T ]"
        r"(?P<hour>\d{2})-(?P<minute>\d{2})-(?P<second>\d{2})(?:-\d{1,6})?(?P<zone>)",
    )
)


def read(value: object, *, has_unclear_zone: bool = False) -> DeviceTime | None:
    """The time that a camera wrote; None where it wrote none, or 0 for none.

    Args:
        value: text or a number.
        has_unclear_zone: true where the vendor sends the zone beside it as a number whose meaning is not published.

    Returns:
        The text as it was written and, where its zone is known, UTC to the second. A text that is no time that can
        be read keeps its words, without a zone.
    """
    raw = trees.word(value, longest=64)
    if raw is None or not any(character.isdigit() for character in raw) or not raw.strip("0.:-/ T"):
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", raw) and (epoch := _epoch(raw)):
        return DeviceTime(raw, "epoch", epoch)
    local, zone = _written(raw)
    if local is None or zone is None:
        return DeviceTime(raw, "unclear" if has_unclear_zone else "none")
    utc = _utc(local, zone)
    return DeviceTime(raw, "offset" if utc else "none", utc)


def _epoch(raw: str) -> datetime | None:
    digits = raw.partition(".")[0]
    parts = _EPOCHS.get(len(digits))
    if parts is None:
        return None
    seconds = int(digits) // parts
    found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return found if _EARLIEST <= found < _LATEST else None


def _written(raw: str) -> tuple[datetime | None, timedelta | None]:
    for form in _FORMS:
        if found := form.fullmatch(raw):
            return _numbers(found.groupdict())
    try:
        found_time = parsedate_to_datetime(raw)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None, None
    return found_time.replace(tzinfo=None), found_time.utcoffset()


def _numbers(found: dict[str, str | None]) -> tuple[datetime | None, timedelta | None]:
    month, day = found.get("month"), found.get("day")
    if month is None or day is None:
        first, then = int(found["first"] or 0), int(found["then"] or 0)
        is_month_first = then > 12 or (found["mark"] == "/" and first <= 12)
        month, day = (str(first), str(then)) if is_month_first else (str(then), str(first))
    hour = int(found["hour"] or 0)
    if half := found.get("half"):
        hour = hour % 12 + 12 * (half in "Pp")
    year = found["year"] or "0"
    try:
        local = datetime(
            int(year) + 2000 * (len(year) == 2),
            int(month),
            int(day),
            hour,
            int(found["minute"] or 0),
            int(found["second"] or 0),
        )
    except ValueError:
        return None, None
    return local, _offset(found.get("zone"))


def _offset(zone: str | None) -> timedelta | None:
    """An offset from UTC; a space in place of a plus is one that a form decoded."""
    if not zone:
        return None
    digits = re.sub(r"\D", "", zone)
    if not digits:
        return timedelta(0)
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        return None
    return timedelta(hours=hours, minutes=minutes) * (-1 if "-" in zone else 1)


def _utc(local: datetime, offset: timedelta) -> datetime | None:
    try:
        found = local.replace(tzinfo=timezone(offset)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
    return found if _EARLIEST <= found < _LATEST else None
