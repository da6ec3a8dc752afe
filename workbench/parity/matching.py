"""Comparison of the product's answers with an exporter's, box by box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.parity.answers import Box, Found

LEAST_IOU = 0.98
_HALF = 0.5
_THINNEST = 2.0
"""Pixels; thinner boxes are those of a random network that lie in the padding, cut off at the frame's edge."""


@dataclass(frozen=True)
class Agreement:
    """Agreement over some frames.

    Attributes:
        boxes: pairs of the same name that were compared, or classes.
        lowest_iou: of all pairs; None where there were no boxes.
        largest_difference: of two scores of a pair.
        alone: one line for each answer of one side that the other lacks.
    """

    boxes: int
    lowest_iou: float | None
    largest_difference: float
    alone: tuple[str, ...]

    def holds(self, tolerance: float) -> bool:
        """Tell whether something was compared, and everything agrees."""
        return (
            self.boxes > 0
            and not self.alone
            and self.largest_difference <= tolerance
            and (self.lowest_iou is None or self.lowest_iou >= LEAST_IOU)
        )


def compare(expected: Sequence[Found], answered: Sequence[Found], *, threshold: float, tolerance: float) -> Agreement:
    """Pair each expected answer with the answered one of its name that overlaps it most, best scores first.

    An answer whose score lies within ``tolerance`` of ``threshold`` may be missing on the other side, which may have
    seen it just below.

    Args:
        expected: the exporter's answers, from ``threshold`` on.
        answered: the product's.
        threshold: score from which both are complete.
        tolerance: difference of two scores that rounding explains.
    """
    left = list(filter(_is_visible, answered))
    pairs: list[tuple[Found, Found, float | None]] = []
    alone: list[str] = []
    for wanted in sorted(filter(_is_visible, expected), key=lambda found: -found.score):
        best = max(
            (other for other in left if other.name == wanted.name),
            key=lambda other: _closeness(wanted, other),
            default=None,
        )
        if best is not None and _belong_together(wanted, best):
            left.remove(best)
            pairs.append((wanted, best, iou(wanted.box, best.box) if wanted.box and best.box else None))
        elif wanted.score >= threshold + tolerance:
            alone.append(f"only the exporter answers {_line(wanted)}")
    alone += [f"only the product answers {_line(other)}" for other in left if other.score >= threshold + tolerance]
    overlaps = [overlap for *_, overlap in pairs if overlap is not None]
    return Agreement(
        boxes=len(pairs),
        lowest_iou=min(overlaps, default=None),
        largest_difference=max((abs(one.score - other.score) for one, other, _ in pairs), default=0.0),
        alone=tuple(alone),
    )


def together(agreements: Iterable[Agreement]) -> Agreement:
    """Sum up several frames."""
    found = list(agreements)
    return Agreement(
        boxes=sum(agreement.boxes for agreement in found),
        lowest_iou=min((a.lowest_iou for a in found if a.lowest_iou is not None), default=None),
        largest_difference=max((agreement.largest_difference for agreement in found), default=0.0),
        alone=tuple(line for agreement in found for line in agreement.alone),
    )


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes; 1 for two that are the same, also without an area."""
    if first == second:
        return 1.0
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return shared / (areas - shared) if areas > shared else 0.0


def _is_visible(found: Found) -> bool:
    if found.box is None:
        return True
    x_min, y_min, x_max, y_max = found.box
    return x_max - x_min >= _THINNEST and y_max - y_min >= _THINNEST


def _closeness(one: Found, other: Found) -> tuple[float, float]:
    overlap = iou(one.box, other.box) if one.box and other.box else 1.0
    return (round(overlap, 3), -abs(one.score - other.score))


def _belong_together(one: Found, other: Found) -> bool:
    return one.box is None or other.box is None or iou(one.box, other.box) >= _HALF


def _line(found: Found) -> str:
    where = " at [" + ", ".join(f"{number:.1f}" for number in found.box) + "]" if found.box else ""
    return f"{found.name} {found.score:.3f}{where}"
