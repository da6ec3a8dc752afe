"""Failures on purpose, camera by camera."""

from __future__ import annotations

import pytest

from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.local.api_gateway.rehearsal import Rehearsal


def test_cameras_beyond_any_fleet_are_forgotten_and_none_grows_the_table() -> None:
    rehearsal = Rehearsal((429,))
    for number in range(10_500):
        with pytest.raises(RefusedError):
            rehearsal.failure(str(number), "id")
    assert len(rehearsal._turns) == 10_000
    assert rehearsal.failure("10499", "id") is None
    with pytest.raises(RefusedError):
        rehearsal.failure("0", "id")


def test_a_status_may_come_twice_and_none_is_none() -> None:
    rehearsal = Rehearsal((503, 503))
    for _ in range(2):
        with pytest.raises(RefusedError, match="Internal server error"):
            rehearsal.failure("", "id")
    assert rehearsal.failure("", "id") is None
    assert Rehearsal().failure("", "id") is None
