from __future__ import annotations

import pytest

from camera_push import times
from camera_push.push import DeviceTime

UTC = "2026-03-02T03:13:20+00:00"


@pytest.mark.parametrize(
    ("written", "zone", "utc"),
    [
        (1772421200, "epoch", UTC),
        ("1772421200", "epoch", UTC),
        (1772421200.5, "epoch", UTC),
        (1772421200123, "epoch", UTC),
        ("1772421200123456", "epoch", UTC),
        (1772421200123456789, "epoch", UTC),
        ("2026-03-02T11:13:20+08:00", "offset", UTC),
        ("2026-03-02T11:13:20.123+0800", "offset", UTC),
        ("2026-03-02T11:13:20+8", "offset", UTC),
        ("2026-03-02T11:13:20 08:00", "offset", UTC),  # a form made the plus a space
        ("2026-03-01T22:13:20-5:00", "offset", UTC),
        ("2026-03-02T03:13:20Z", "offset", UTC),
        ("2026-03-02 03:13:20 UTC", "offset", UTC),
        ("2026-03-02 11:13:20 GMT+8", "offset", UTC),
        ("20260302T031320Z", "offset", UTC),
        ("Mon, 02 Mar 2026 11:13:20 +0800", "offset", UTC),
        ("Mon, 02 Mar 2026 03:13:20 GMT", "offset", UTC),
        ("2026-03-02T11:13+08:00", "offset", "2026-03-02T03:13:00+00:00"),
        ("02-03-2026 11:13:20 PM +0800", "offset", "2026-03-02T15:13:20+00:00"),
        ("3/2/2026 12:13:20 AM +0000", "offset", "2026-03-02T00:13:20+00:00"),
        ("2026-03-02 11:13:20", "none", None),
        ("2026/03/02 11:13", "none", None),
        ("2026年3月2日 11:13:20", "none", None),
        ("20260302111320", "none", None),
        ("20260302111320123", "none", None),
        ("26-03-02_11-13-20-48", "none", None),
        ("02-03-2026 11:13:20", "none", None),
        ("Mon Mar 2 11:13:20 2026", "none", None),
        ("2026-02-30T11:13:20Z", "none", None),
        ("2026-03-02T11:13:20+99:00", "none", None),
        ("0001-01-01T00:00:00Z", "none", None),
        ("99999999999999999999", "none", None),
        ("yesterday at 7", "none", None),
    ],
)
def test_forms_of_times(written: object, zone: str, utc: str | None) -> None:
    found = times.read(written)
    assert found is not None
    assert (found.raw, found.zone) == (str(written), zone)
    assert (None if found.utc is None else found.utc.isoformat()) == utc


@pytest.mark.parametrize("written", [None, "", "0", 0, "0000-00-00 00:00:00", "now", [], {}, float("nan"), 1e300, True])
def test_no_time(written: object) -> None:
    assert times.read(written) is None


def test_a_zone_by_a_number_that_no_one_published() -> None:
    assert times.read("2026-03-02 11:13:20", has_unclear_zone=True) == DeviceTime("2026-03-02 11:13:20", "unclear")
    found = times.read("2026-03-02T11:13:20+08:00", has_unclear_zone=True)
    assert found is not None
    assert found.zone == "offset"
