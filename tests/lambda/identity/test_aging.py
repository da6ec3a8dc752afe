from __future__ import annotations

from inference_api.identity.aging import AgingCache, Moment


def test_an_age_is_the_larger_of_both_clocks() -> None:
    then = Moment(1000.0, 50.0)
    assert Moment(1040.0, 51.0).since(then) == 40.0  # Lambda stopped the process
    assert Moment(900.0, 55.0).since(then) == 5.0  # the wall clock was set back


def test_the_value_that_was_not_used_for_longest_goes() -> None:
    cache: AgingCache[int] = AgingCache(2)
    now = Moment(0.0, 0.0)
    cache.put("a", 1, now)
    cache.put("b", 2, now)
    assert cache.get("a", Moment(3.0, 3.0)) == (1, 3.0)
    cache.put("c", 3, now)
    assert cache.get("b", now) is None
    assert cache.get("a", now) == (1, 0.0)
    cache.forget("a")
    assert cache.get("a", now) is None
