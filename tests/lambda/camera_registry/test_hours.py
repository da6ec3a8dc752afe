from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_registry import hours
from camera_registry.hours import DAYS, HoursError, of_texts

MINUTE = timedelta(minutes=1)
BERLIN, NEW_YORK, SHANGHAI = "Europe/Berlin", "America/New_York", "Asia/Shanghai"


def _local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "moment", "is_open"),
    [
        ("mon-fri 07:00-19:00", (2026, 11, 30, 7, 0), True),  # a Monday
        ("mon-fri 07:00-19:00", (2026, 11, 30, 6, 59), False),
        ("mon-fri 07:00-19:00", (2026, 11, 30, 18, 59), True),
        ("mon-fri 07:00-19:00", (2026, 11, 30, 19, 0), False),
        ("mon-fri 07:00-19:00", (2026, 11, 29, 12, 0), False),
        ("sat,sun 22:00-06:00", (2026, 11, 28, 22, 0), True),
        ("sat,sun 22:00-06:00", (2026, 11, 30, 5, 59), True),  # Sunday's window goes on into Monday
        ("sat,sun 22:00-06:00", (2026, 11, 28, 5, 0), False),  # Friday has none
        ("sat,sun 22:00-06:00", (2026, 11, 30, 6, 0), False),
        ("fri-mon 10:00-11:00", (2026, 11, 29, 10, 30), True),  # a range over the end of the week
        ("fri-mon 10:00-11:00", (2026, 12, 1, 10, 30), False),
        ("daily 00:00-24:00", (2026, 12, 1, 23, 59), True),
        ("Daily 22:00 - 00:00", (2026, 12, 1, 0, 0), False),
        ("MON\u2013WED, sat 8:00-9:00", (2026, 12, 5, 8, 30), True),
    ],
)
def test_a_window_is_open_by_the_clock_on_the_wall(text: str, moment: tuple[int, ...], is_open: bool) -> None:
    assert of_texts((text,), SHANGHAI).is_open(_local(SHANGHAI, *moment)) is is_open


@pytest.mark.parametrize(
    ("text", "zone", "now", "opening"),
    [
        ("mon-fri 07:00-19:00", SHANGHAI, (2026, 11, 28, 12, 0), (2026, 11, 30, 7, 0)),
        ("sun 22:00-06:00", SHANGHAI, (2026, 11, 30, 6, 0), (2026, 12, 6, 22, 0)),
        ("daily 02:30-04:00", BERLIN, (2026, 3, 29, 1, 0), (2026, 3, 29, 3, 0)),  # 02:30 is skipped
        ("sun 02:00-03:00", BERLIN, (2026, 3, 28, 1, 0), (2026, 4, 5, 2, 0)),  # the whole window is
        ("daily 07:00-19:00", BERLIN, (2026, 3, 28, 20, 0), (2026, 3, 29, 7, 0)),  # 10 hours later, not 11
        ("sat 23:00-23:30", "America/Santiago", (2026, 4, 4, 23, 40), (2026, 4, 4, 23, 0, 1)),  # shown twice
    ],
)
def test_the_next_opening(text: str, zone: str, now: tuple[int, ...], opening: tuple[int, ...]) -> None:
    expected = _local(zone, *opening[:5], fold=opening[5] if len(opening) > 5 else 0)
    found = of_texts((text,), zone).next_opening(_local(zone, *now))
    assert found == expected.astimezone(UTC)


def test_open_hours_open_now() -> None:
    now = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC)
    assert of_texts(("daily 00:00-24:00",), None).next_opening(now) == now


def test_the_hour_that_a_clock_shows_twice_counts_twice() -> None:
    windows = of_texts(("daily 01:00-01:30",), NEW_YORK)
    shown = [_local(NEW_YORK, 2026, 11, 1, 1, minute, fold=fold) for fold in (0, 1) for minute in (15, 45)]
    assert [windows.is_open(moment) for moment in shown] == [True, False, True, False]
    assert windows.next_opening(shown[1]) == _local(NEW_YORK, 2026, 11, 1, 1, 0, fold=1).astimezone(UTC)


_MINUTES = st.integers(0, 24 * 60 - 1)


@given(
    day=st.sampled_from([*DAYS, "daily", "sat,sun", "fri-mon"]),
    begin=_MINUTES,
    end=_MINUTES,
    zone=st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe", "America/Havana", "Asia/Beirut"]),
    begun=st.sampled_from([datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)]),
    after=st.integers(0, 2 * 24 * 60),
)
def test_the_next_opening_is_the_first_open_minute(
    day: str, begin: int, end: int, zone: str, begun: datetime, after: int
) -> None:
    if begin == end:
        return
    text = f"{day} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    windows, now = of_texts((text,), zone), begun + after * MINUTE
    opening = windows.next_opening(now)
    soon = (now + minute * MINUTE for minute in range(3 * 24 * 60))
    assert min(opening or now, now + 3 * 24 * 60 * MINUTE) == next(
        (moment for moment in soon if windows.is_open(moment)), now + 3 * 24 * 60 * MINUTE
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mo-fri 07:00-19:00", "no day in 'mo-fri'"),
        ("mon-tue-wed 07:00-19:00", "no day in 'mon-tue-wed'"),
        ("mon,,tue 07:00-19:00", "no day in ''"),
        ("mon 07:00-24:01", "no time of the day in 24:01"),
        ("mon 07:60-19:00", "no time of the day in 07:60"),
        ("mon 07:00-07:00", "write 00:00-24:00 for the whole day"),
        ("mon 24:00-07:00", "write 00:00-24:00 for the whole day"),
        ("mon 7-19", "write them as 'mon-fri 07:00-19:00'"),
        ("07:00-19:00", "write them as"),
        ("", "write them as"),
        ("mon " * 100_000, "write them as"),
    ],
)
def test_a_text_that_tells_no_hours_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(HoursError, match=said):
        hours.window_of(text)


@pytest.mark.parametrize(
    ("zone", "now", "midnight"),
    [
        (SHANGHAI, datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)),
        (BERLIN, datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),  # a day of 23 hours
        (BERLIN, datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),  # of 25
        ("America/Havana", datetime(2026, 3, 7, 12, 0, tzinfo=UTC), datetime(2026, 3, 8, 5, tzinfo=UTC)),  # begins at 1
        ("America/Havana", datetime(2026, 10, 31, 12, 0, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # twice
        (None, datetime(2026, 12, 31, 12, 0, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_next_day_begins_where_the_calendar_changes(zone: str | None, now: datetime, midnight: datetime) -> None:
    rules = hours.zone_named(zone)
    found = hours.next_midnight(now, rules)
    assert found == midnight
    assert hours.day_of(found, rules) == hours.day_of(now, rules) + timedelta(days=1)
    assert hours.day_of(found - timedelta(seconds=1), rules) == hours.day_of(now, rules)


def test_a_zone_that_a_process_has_no_rules_of_fails_nothing() -> None:
    assert hours.zone_named("Mars/Olympus_Mons") == hours.zone_named("America") == ZoneInfo("UTC")
    assert hours.day_of(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC")) == date(2026, 1, 1)
