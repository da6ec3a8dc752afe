"""Difference of two answers to one frame: what both found, what only one did, and how far scores moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from workbench.camera.report import Finding
from workbench.comparison.answers import Answer
from workbench.compilers.onnx.parity import overlaps

SAME_BOX_IOU = 0.5
"""Least IoU of two boxes of one class that count as the same object."""


class Tally(NamedTuple):
    """Findings of both models, and of one alone."""

    both: int = 0
    only_current: int = 0
    only_candidate: int = 0

    @property
    def agreement(self) -> float | None:
        """Share of both models' findings that the other one has, too: the F1 score of one measured by the other.

        For classifiers it is the share of frames with the same first class. None where neither found anything.
        """
        alone = self.only_current + self.only_candidate
        return 2 * self.both / (2 * self.both + alone) if self.both or alone else None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Difference of one frame.

    Attributes:
        tallies: by class.
        shifts: the candidate's score minus the current one's, of each finding of both.
        overlaps: IoU of each pair of boxes.
        size: 0 for the same answer. A finding of one model alone adds its score, a pair the difference of its scores
            and what its IoU lacks to 1.
        only_current, only_candidate: findings of one model alone, the best first.
    """

    tallies: Mapping[str, Tally]
    shifts: Sequence[float]
    overlaps: Sequence[float]
    size: float
    only_current: Sequence[Finding]
    only_candidate: Sequence[Finding]

    @property
    def total(self) -> Tally:
        """Tally of all classes."""
        return together(self.tallies.values())


def together(tallies: Iterable[Tally]) -> Tally:
    """Sum of tallies."""
    return Tally(*(sum(column) for column in zip(*tallies, Tally(), strict=True)))


def of_answers(current: Answer, candidate: Answer) -> Difference:
    """Pair the findings of two answers to one frame, and count the others."""
    pairs = _pairs(current.findings, candidate.findings)
    firsts, seconds = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    only_current = [each for number, each in enumerate(current.findings) if number not in firsts]
    only_candidate = [each for number, each in enumerate(candidate.findings) if number not in seconds]
    both = Counter(current.findings[first].name for first, _, _ in pairs)
    mine, its = (Counter(each.name for each in only) for only in (only_current, only_candidate))
    shifts = [candidate.findings[second].score - current.findings[first].score for first, second, _ in pairs]
    shared = [iou for _, _, iou in pairs if iou is not None]
    return Difference(
        tallies={label: Tally(both[label], mine[label], its[label]) for label in sorted({*both, *mine, *its})},
        shifts=shifts,
        overlaps=shared,
        size=sum(each.score for each in [*only_current, *only_candidate])
        + sum(map(abs, shifts))
        + sum(1 - iou for iou in shared),
        only_current=only_current,
        only_candidate=only_candidate,
    )


def _pairs(current: Sequence[Finding], candidate: Sequence[Finding]) -> list[tuple[int, int, float | None]]:
    """Pairs of one class, those that overlap most first; a class of the whole frame has no IoU."""
    possible: list[tuple[float, int, int]] = []
    for first, mine in enumerate(current):
        others = [second for second, its in enumerate(candidate) if its.name == mine.name]
        if mine.box is None:
            possible += [(1.0, first, second) for second in others]
        elif others:
            boxes = np.array([candidate[second].box for second in others], np.float32)
            shared = overlaps(np.array(mine.box, np.float32), boxes)
            possible += [
                (float(iou), first, second) for second, iou in zip(others, shared, strict=True) if iou >= SAME_BOX_IOU
            ]
    pairs: list[tuple[int, int, float | None]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for iou, first, second in sorted(possible, key=lambda each: (-each[0], each[1], each[2])):
        if first not in taken[0] and second not in taken[1]:
            taken[0].add(first)
            taken[1].add(second)
            pairs.append((first, second, None if current[first].box is None else iou))
    return pairs
