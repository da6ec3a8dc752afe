from __future__ import annotations

from workbench.benchmarking import interleaving
from workbench.benchmarking.interleaving import Milliseconds, Served


class FakeVariant:
    """Notes in a book that variants share when it is called."""

    def __init__(self, name: str, book: list[str]) -> None:
        self._name = name
        self._book = book
        self._workers = 0

    def run(self) -> Milliseconds:
        self._book.append(self._name)
        return {"whole": float(len(self._book))}

    def hire(self, *, warm_up: int) -> None:
        self._book.append(f"{self._name} hires")
        self._workers += 1

    def keep_busy(self, seconds: float) -> Served:
        self._book.append(f"{self._name} for {seconds:g}")
        return [(len(self._book), seconds)] * self._workers


def test_variants_take_turns_run_by_run_and_warm_up_runs_are_not_kept() -> None:
    book: list[str] = []
    ran: list[None] = []
    variants = [FakeVariant(name, book) for name in "abc"]
    kept = interleaving.timed(variants, warm_up=1, repeat=2, ran=lambda: ran.append(None))
    assert book == ["a", "b", "c"] * 3
    assert kept == [
        [{"whole": 4.0}, {"whole": 7.0}],
        [{"whole": 5.0}, {"whole": 8.0}],
        [{"whole": 6.0}, {"whole": 9.0}],
    ]
    assert len(ran) == 9


def test_workers_are_hired_first_and_busy_in_turns() -> None:
    book: list[str] = []
    served = interleaving.kept_busy(
        [FakeVariant("a", book), FakeVariant("b", book)], more=2, rounds=2, seconds=0.5, warm_up=3
    )
    assert book[:4] == ["a hires", "a hires", "b hires", "b hires"]
    assert book[4:] == ["a for 0.5", "b for 0.5"] * 2
    assert served == [[[(5, 0.5)] * 2, [(7, 0.5)] * 2], [[(6, 0.5)] * 2, [(8, 0.5)] * 2]]
