"""Batches across requests: real threads, and a fake engine whose turns the test gives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ipc_ai_serving.engines import Engine, SharedEngine
from ipc_ai_serving.scheduling import batching, traffic
from ipc_ai_serving.scheduling.batching import Batches

Tensor = npt.NDArray[np.float32]
_LONG = 3600.0
"""A wait that no test lives to see the end of."""


def _frame(number: float, *, side: int = 2, rows: int = 1) -> Tensor:
    return np.full((rows, 3, side, side), number, np.float32)


class _Turns:
    """A fake engine that doubles rows, and that a test can keep busy."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.free = threading.Event()
        self.free.set()
        self.asked = threading.Semaphore(0)
        self._turn = threading.Lock()

    def run(self, made: Callable[[], Tensor]) -> dict[str, Tensor]:
        self.asked.release()
        with self._turn:
            assert self.free.wait(10)
            tensor = made()
            self.sizes.append(len(tensor))
            return {"twice": 2 * tensor, "mean": tensor.mean(axis=(1, 2, 3))}


class _Clock(threading.Condition):
    """Tell how long a leader would have waited, and have it go on at once as if that had passed."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        if not predicate():
            self.waits.append(timeout)
        return predicate()


def _batches(turns: _Turns, *, wait: float = _LONG, most: int = 4) -> Batches:
    made = Batches(turns.run, wait_seconds=wait, most=most)
    made.run(_frame(0))  # as a model is tried when it is loaded
    assert turns.sizes == [1, 2, 1]
    turns.sizes.clear()
    while turns.asked.acquire(blocking=False):
        pass
    return made


def _request(batches: Batches, tensor: Tensor) -> Tensor:
    with traffic.request():
        return batches.run(tensor)["twice"]


def _wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("it never came to that")


def test_a_lone_request_waits_for_no_other() -> None:
    turns = _Turns()
    batches = _batches(turns)
    assert _request(batches, _frame(3)).tolist() == _frame(6).tolist()  # within this test's life, so without the bound
    assert turns.sizes == [1]


def test_requests_that_come_while_the_engine_is_busy_are_one_batch_and_each_gets_its_rows() -> None:
    turns = _Turns()
    batches = _batches(turns)
    turns.free.clear()
    with ThreadPoolExecutor(5) as clients:
        first = clients.submit(_request, batches, _frame(100))
        assert turns.asked.acquire(timeout=10)  # it leads a batch of its own, which waits for the engine
        others = [clients.submit(_request, batches, _frame(number)) for number in range(3)]
        _wait_until(lambda: not batches._open or [len(batch.tensors) for batch in batches._open.values()] == [4])
        turns.free.set()
        assert first.result(10).tolist() == _frame(200).tolist()
        assert [other.result(10)[0, 0, 0, 0] for other in others] == [0, 2, 4]
    assert sum(turns.sizes) == 4
    assert turns.sizes == [4]


def test_under_load_every_answer_is_the_callers_own_and_no_batch_is_too_large() -> None:
    turns = _Turns()
    batches = _batches(turns, wait=0.002, most=4)
    wrong: list[int] = []
    at_once = batches._run

    def run(made: Callable[[], Tensor]) -> dict[str, Tensor]:
        threading.Event().wait(0.001)  # others come while it computes
        return at_once(made)

    batches._run = run

    def client(number: int) -> None:
        for round_ in range(50):
            rows, side = 1 + number % 2, 2 + number % 3 % 2
            tensor = _frame(1000 * number + round_, rows=rows, side=side)
            if not np.array_equal(_request(batches, tensor), 2 * tensor):
                wrong.append(number)

    threads = [threading.Thread(target=client, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert max(turns.sizes) <= 4
    assert len(turns.sizes) < 8 * 50, "no batch was formed"
    assert not batches._open


def test_a_request_that_is_not_alone_waits_as_long_as_the_bound_and_no_longer() -> None:
    turns = _Turns()
    batches = _batches(turns, wait=0.002)
    batches._changed = clock = _Clock()
    with traffic.request():  # another one, which decodes its frame
        _request(batches, _frame(1))
    assert clock.waits == [0.002]
    assert turns.sizes == [1]


def test_nothing_is_waited_for_when_the_batch_is_full() -> None:
    turns = _Turns()
    batches = _batches(turns, most=2)
    with traffic.request(), traffic.request(), traffic.request(), ThreadPoolExecutor(2) as clients:
        answers = [clients.submit(_request, batches, _frame(number)) for number in range(2)]
        assert [answer.result(10)[0, 0, 0, 0] for answer in answers] == [0, 2]
    assert turns.sizes == [2]


def test_nothing_is_waited_for_when_every_request_in_work_is_in_the_batch() -> None:
    turns = _Turns()
    batches = _batches(turns)
    with ThreadPoolExecutor(2) as clients, traffic.request(), traffic.request():
        answers = [clients.submit(batches.run, _frame(number)) for number in range(2)]
        assert [answer.result(10)["mean"].tolist() for answer in answers] == [[0], [1]]
    assert turns.sizes == [2]


def test_frames_of_other_sizes_are_other_batches() -> None:
    turns = _Turns()
    batches = _batches(turns)
    turns.free.clear()
    with ThreadPoolExecutor(4) as clients:
        with ExitStack() as requests:
            for _ in range(4):
                requests.enter_context(traffic.request())
            sides = (2, 3, 2, 3)
            answers = [clients.submit(batches.run, _frame(number, side=side)) for number, side in enumerate(sides)]
            _wait_until(lambda: [len(batch.tensors) for batch in batches._open.values()] == [2, 2])
        with batches._changed:
            batches._changed.notify_all()
        turns.free.set()
        for number, (answer, side) in enumerate(zip(answers, sides, strict=True)):
            assert answer.result(10)["twice"].tolist() == _frame(2 * number, side=side).tolist()
            assert answer.result(10)["mean"].tolist() == [number]
    assert sorted(turns.sizes) == [2, 2]


def test_a_failed_forward_pass_fails_for_every_caller_and_the_next_batch_runs() -> None:
    turns = _Turns()
    batches = _batches(turns)
    good = batches._run

    def failing(made: Callable[[], Tensor]) -> dict[str, Tensor]:
        raise MemoryError(f"no memory for {len(made())} frames")

    batches._run = failing
    with ThreadPoolExecutor(3) as clients, ExitStack() as requests:
        for _ in range(3):
            requests.enter_context(traffic.request())
        answers: list[Future[Any]] = [clients.submit(batches.run, _frame(number)) for number in range(3)]
        errors = [str(answer.exception(10)) for answer in answers]
    assert errors == ["no memory for 3 frames"] * 3
    batches._run = good
    assert _request(batches, _frame(1))[0, 0, 0, 0] == 2
    assert not batches._open


def test_a_turn_that_never_comes_leaves_no_batch_open() -> None:
    turns = _Turns()
    batches = _batches(turns)

    def refused(_made: Callable[[], Tensor]) -> dict[str, Tensor]:
        raise RuntimeError("no turn")

    batches._run = refused
    with pytest.raises(RuntimeError, match="no turn"):
        _request(batches, _frame(1))
    assert not batches._open


@pytest.mark.parametrize(
    "outputs",
    [
        lambda tensor: {"boxes": np.zeros((5, 4), np.float32)},  # all frames' boxes together
        lambda tensor: {"sum": np.full((len(tensor), 1), tensor.sum(), np.float32)},  # frames that see each other
        lambda tensor: {"rows": tensor, "count": np.zeros(1, np.float32)},
    ],
)
def test_networks_without_rows_of_their_own_are_left_alone(
    outputs: Callable[[Tensor], dict[str, Tensor]], caplog: pytest.LogCaptureFixture
) -> None:
    sizes = []

    def run(made: Callable[[], Tensor]) -> dict[str, Tensor]:
        sizes.append(len(made()))
        return outputs(made())

    batches = Batches(run, wait_seconds=_LONG, most=4)
    batches.run(_frame(1))
    assert "no batches are formed" in caplog.text
    with traffic.request(), traffic.request():
        batches.run(_frame(1))
    assert sizes == [1, 2, 1, 1]


def test_a_graph_that_refuses_two_frames_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    def run(made: Callable[[], Tensor]) -> dict[str, Tensor]:
        if len(made()) > 1:
            raise ValueError("Reshape: 1 is written into the graph")
        return {"same": made()}

    batches = Batches(run, wait_seconds=_LONG, most=4)
    assert batches.run(_frame(7))["same"].tolist() == _frame(7).tolist()
    assert "Reshape: 1 is written into the graph" in caplog.text


def test_a_waiting_thread_lends_its_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other threads decode their frames, while the GPU computes and while a batch is formed."""
    cores = threading.BoundedSemaphore(1)
    monkeypatch.setattr(traffic, "_cores", lambda: cores)
    turns = _Turns()
    batches = _batches(turns)
    turns.free.clear()

    def client(number: int) -> Tensor:
        with traffic.request(), traffic.holding_core():  # decoded on the only core
            return batches.run(_frame(number))["twice"]

    with ThreadPoolExecutor(3) as clients:
        answers = [clients.submit(client, number) for number in range(3)]
        _wait_until(lambda: cores._value == 1 and sum(traffic.counts().requests) == 3)
        turns.free.set()
        assert [answer.result(10)[0, 0, 0, 0] for answer in answers] == [0, 2, 4]


class _Doubling(Engine):
    """An engine of either kind, whose passes are counted."""

    def __init__(self, *, on_gpu: bool, has_rows: bool) -> None:
        self.takes_core, self.has_rows = not on_gpu, has_rows
        self.sizes: list[int] = []

    def run(self, tensor: Tensor) -> dict[str, Tensor]:
        self.sizes.append(len(tensor))
        return {"twice": 2 * tensor}


@pytest.mark.parametrize(
    ("on_gpu", "has_rows", "wait_ms", "most", "is_batched"),
    [
        (True, True, None, 8, True),
        (False, True, None, 8, False),  # a CPU gains nothing
        (True, False, None, 8, False),
        (True, True, 0, 8, False),
        (True, True, None, 1, False),
        (False, True, 2, 8, True),
    ],
)
def test_batches_are_for_gpus_unless_the_environment_says_else(
    on_gpu: bool, has_rows: bool, wait_ms: float | None, most: int, is_batched: bool
) -> None:
    engine = _Doubling(on_gpu=on_gpu, has_rows=has_rows)
    shared = SharedEngine(engine, batch_wait_ms=wait_ms, max_batch_size=most)
    assert shared.run(_frame(1))["twice"].tolist() == _frame(2).tolist()
    assert engine.sizes == ([1, 2, 1] if is_batched else [1])
    engine.sizes.clear()
    with traffic.request(), traffic.request():
        outputs = shared.run_each(3, _frame)
    assert outputs["twice"][:, 0, 0, 0].tolist() == [0, 2, 4]
    assert engine.sizes == [3]


def test_the_longest_wait_on_a_gpu_is_two_milliseconds() -> None:
    shared = SharedEngine(_Doubling(on_gpu=True, has_rows=True), max_batch_size=8)
    assert shared._batches is not None
    assert shared._batches._wait_seconds == 0.002
    assert batching._TOLERANCE < 0.1
