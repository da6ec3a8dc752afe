"""What the requests of a worker share."""

from __future__ import annotations

import threading

import pytest

from serving import traffic
from serving.settings import Settings


def test_as_many_threads_work_at_once_as_the_worker_has_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Settings(application_type="body-detection", model_name="m", cores=2)
    monkeypatch.setattr(traffic, "settings", lambda: chosen)
    traffic._cores.cache_clear()
    inside, most, lock = [0], [0], threading.Lock()

    def work() -> None:
        with traffic.core():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.05)
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    traffic._cores.cache_clear()
    assert most[0] == 2


def test_a_request_is_alone_until_another_comes() -> None:
    assert not traffic.alone()
    with traffic.request():
        assert traffic.alone()
        with traffic.request():
            assert not traffic.alone()
        assert traffic.alone()
    with pytest.raises(ValueError, match="refused"), traffic.request():
        raise ValueError("refused")
    assert traffic._in_work == 0
