"""Agreement of two models over all frames: together, by class and by camera, and the shift of scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.comparison.differences import Difference, Tally, together
from workbench.comparison.frames import Frame
from workbench.measuring.percentiles import percentile


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Frames that both models answered, with their differences, and the frames that one refused.

    Attributes:
        differences: by frame, in the frames' order.
        classifies: whether the answers are of the whole frame, and so have no boxes.
        refused: sentence of the model that refused a frame, by ``current`` and ``candidate`` and then by frame.
    """

    differences: Mapping[Frame, Difference]
    refused: Mapping[str, Mapping[Frame, str]]
    classifies: bool = False

    @property
    def total(self) -> Tally:
        """Tally of all frames and classes."""
        return together(each.total for each in self.differences.values())

    @property
    def by_class(self) -> dict[str, Tally]:
        """Tally by class, the most frequent first."""
        return _summed((label, tally) for each in self.differences.values() for label, tally in each.tallies.items())

    @property
    def by_camera(self) -> dict[str, Tally]:
        """Tally by camera, the most frequent first."""
        return _summed((frame.camera, each.total) for frame, each in self.differences.items())

    @property
    def alike(self) -> int:
        """Number of frames in which each model found what the other one did."""
        return sum(not each.only_current and not each.only_candidate for each in self.differences.values())

    def most_different(self, count: int) -> list[Frame]:
        """Frames with the largest differences, the largest first; frames with the same answer are left out."""
        ordered = sorted(self.differences, key=lambda frame: (-self.differences[frame].size, frame))
        return [frame for frame in ordered[:count] if self.differences[frame].size > 0]

    def score_shift(self) -> dict[str, float] | None:
        """Mean, and percentiles 5, 50 and 95, of the candidate's score minus the current one's; None without pairs."""
        shifts = self._of_pairs(lambda each: each.shifts)
        if not shifts:
            return None
        levels = {f"p{level}": percentile(shifts, level) for level in (5, 50, 95)}
        return {name: round(value, 4) for name, value in {"mean": sum(shifts) / len(shifts), **levels}.items()}

    def mean_iou(self) -> float | None:
        """Mean IoU of the pairs of boxes; None without pairs."""
        shared = self._of_pairs(lambda each: each.overlaps)
        return round(sum(shared) / len(shared), 4) if shared else None

    def _of_pairs(self, values: Callable[[Difference], Sequence[float]]) -> list[float]:
        return [value for each in self.differences.values() for value in values(each)]


def document(tally: Tally) -> dict[str, Any]:
    """A tally for JSON."""
    share = tally.agreement
    return {"agreement": None if share is None else round(share, 4), **tally._asdict()}


def _summed(named: Iterable[tuple[str, Tally]]) -> dict[str, Tally]:
    groups: defaultdict[str, list[Tally]] = defaultdict(list)
    for name, tally in named:
        groups[name].append(tally)
    sums = {name: together(tallies) for name, tallies in groups.items()}
    return dict(sorted(sums.items(), key=lambda each: (-sum(each[1]), each[0])))
