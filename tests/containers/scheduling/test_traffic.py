"""Cores, places and counts that the requests of a worker share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from ipc_ai_serving.errors import OverloadedError
from ipc_ai_serving.scheduling import idle_cores, traffic
from ipc_ai_serving.scheduling.parallelism import Parallelism


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    _forget()
    yield
    _forget()


def _forget() -> None:
    traffic._cores_of_process.cache_clear()
    traffic.counts.cache_clear()


def _settings(monkeypatch: pytest.MonkeyPatch, **more: int) -> None:
    numbers = {"cores": 1, "shared_cores": 0} | more
    chosen = Parallelism(workers=2, engine_threads=1, queue_limit=16, loads_before_fork=True, **numbers)
    monkeypatch.setattr(traffic, "parallelism", lambda: chosen)


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    _settings(monkeypatch, cores=2)


@pytest.mark.usefixtures("two_cores")
def test_as_many_threads_work_at_once_as_the_worker_has_cores() -> None:
    inside, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        with traffic.holding_core(), traffic.holding_core():  # the second is the first
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.05)
            with lock:
                inside[0] -= 1

    _together(6, work)
    assert most[0] == 2


@pytest.mark.usefixtures("two_cores")
def test_whoever_waits_for_something_else_lets_others_have_the_core() -> None:
    waiting = threading.Barrier(6, timeout=10)

    def work() -> None:
        with traffic.holding_core():
            with traffic.without_core(), traffic.without_core():
                waiting.wait()  # which needs all six at once
            with traffic.holding_core():
                pass
        with traffic.without_core():
            pass

    _together(6, work)
    assert not waiting.broken
    assert list(traffic.counts().cores) == [0] * len(traffic.counts().cores)  # all are back


@pytest.mark.usefixtures("two_cores")
def test_a_core_comes_back_whatever_happens() -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="refused"), traffic.holding_core(), traffic.without_core():
            raise ValueError("refused")


def _together(count: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_request_is_alone_until_another_comes() -> None:
    assert not traffic.alone()
    with traffic.request():
        assert traffic.alone()
        with traffic.request():
            assert not traffic.alone()
        assert traffic.alone()
    with pytest.raises(ValueError, match="refused"), traffic.request():
        raise ValueError("refused")
    assert sum(traffic.counts().requests) == 0


def test_a_request_of_another_worker_is_one_too() -> None:
    with traffic.request():
        traffic.counts().requests[1] = 1
        assert not traffic.alone()
        traffic.counts().release(1)
        assert traffic.alone()


def _admitted(limit: int) -> bool:
    try:
        with traffic.request(limit):
            return True
    except OverloadedError:
        return False


def test_places_are_counted_together_where_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    _settings(monkeypatch, shared_cores=2)
    traffic.counts().requests[1] = 2
    assert _admitted(3)
    assert not _admitted(2)
    assert traffic.counts().requests[0] == 0  # refused ones, too, have gone


def test_each_worker_has_places_of_its_own_where_it_keeps_to_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    _settings(monkeypatch)
    traffic.counts().requests[1] = 2
    assert _admitted(1)
    with traffic.request():
        assert not _admitted(1)


def test_all_threads_are_for_a_lone_request_on_a_machine_with_idle_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def there_are(count: int) -> bool:
        asked.append(count)
        return count <= 2

    monkeypatch.setattr(idle_cores, "there_are", there_are)
    with traffic.request():
        assert traffic.may_take_all_threads(2)
        assert not traffic.may_take_all_threads(3)
        with traffic.request():
            assert not traffic.may_take_all_threads(2)
    assert asked == [2, 3]
