from __future__ import annotations

from workbench.benchmarking import interleaving
from workbench.benchmarking.interleaving import Milliseconds, Served


class FakeVariant:
    """Variant that records its calls in a list shared by all variants."""

    def __init__(self, name: str, book: list[str]) -> None:
        self._name = name
        self._book = book

    def run(self) -> Milliseconds:
        self._book.append(self._name)
        return {"whole": float(len(self._book))}

    def keep_busy(self, workers: int, seconds: float) -> Served:
        self._book.append(f"{workers} of {self._name}")
        return [(len(self._book), seconds)] * workers


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


def test_numbers_of_workers_and_variants_take_turns_round_by_round() -> None:
    book: list[str] = []
    served = interleaving.kept_busy(
        [FakeVariant("a", book), FakeVariant("b", book)], counts=[1, 2], rounds=2, seconds=0.5
    )
    assert book == ["1 of a", "1 of b", "2 of a", "2 of b"] * 2
    first, second = served
    assert first == [[[(1, 0.5)], [(5, 0.5)]], [[(3, 0.5)] * 2, [(7, 0.5)] * 2]]
    assert second == [[[(2, 0.5)], [(6, 0.5)]], [[(4, 0.5)] * 2, [(8, 0.5)] * 2]]
