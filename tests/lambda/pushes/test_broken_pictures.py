"""A broken picture that comes again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from inference_api.pushes.broken_pictures import MOST_REFUSALS, Refusals

NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)


def test_the_eighth_time_within_ten_minutes_is_taken() -> None:
    refusals = Refusals()
    told = [refusals.may_refuse("gate", b"body", NOON + timedelta(seconds=30 * number)) for number in range(9)]
    assert told == [True] * MOST_REFUSALS + [False] * 2


def test_ten_minutes_later_it_is_counted_anew() -> None:
    refusals = Refusals()
    for _ in range(8):
        refusals.may_refuse("gate", b"body", NOON)
    assert refusals.may_refuse("gate", b"body", NOON + timedelta(minutes=10, seconds=1))


def test_bodies_and_cameras_are_counted_apart() -> None:
    refusals = Refusals()
    for _ in range(7):
        assert refusals.may_refuse("gate", b"body", NOON)
    assert refusals.may_refuse("gate", b"another", NOON)
    assert refusals.may_refuse("door", b"body", NOON)
    assert not refusals.may_refuse("gate", b"body", NOON)


def test_few_are_counted_and_the_one_of_longest_ago_is_forgotten_first() -> None:
    refusals = Refusals()
    for _ in range(7):
        refusals.may_refuse("gate", b"body", NOON)
    for number in range(255):
        refusals.may_refuse("gate", b"%d" % number, NOON)
    assert not refusals.may_refuse("gate", b"body", NOON)
    for number in range(256):
        refusals.may_refuse("gate", b"%d" % number, NOON)
    assert refusals.may_refuse("gate", b"body", NOON)
