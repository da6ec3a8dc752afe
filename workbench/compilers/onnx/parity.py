"""Differences between the answers of two engines for one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.vision.detections import MAX_DETECTIONS, SCORE_FLOOR, Detections

_SAME_BOX_IOU = 0.5
_SURE_IN_HALF = 0.25
_LAST_PIXEL = np.array([0, 0, 1, 1], np.float32)


@dataclass(frozen=True)
class Tolerance:
    """Differences that a compiled model may have from its source.

    Attributes:
        box: pixels of the frame, for every coordinate of boxes and landmarks.
        score: difference of a detection's scores.
        cosine: 1 minus the cosine of two embeddings of one face.
        least_score: that of the weakest detection that is compared.
    """

    box: float
    score: float
    cosine: float
    least_score: float = SCORE_FLOOR

    def of_half_precision(self) -> Tolerance:
        """Tolerance for a source in half precision.

        It rounds boxes of 512 pixels and more to halves of one, so that of weak ones others are suppressed.
        """
        least = max(self.least_score, _SURE_IN_HALF)
        return Tolerance(max(self.box, 2), max(self.score, 0.02), max(self.cosine, 0.001), least)


@dataclass(frozen=True, kw_only=True)
class FrameParity:
    """Two answers for one frame.

    Attributes:
        frame: its name.
        source, compiled: numbers of detections, or of faces; 1 for a classifier, whose answer is its best class.
        matched: number of pairs.
        unmatched: detections that the other one should have and lacks.
        box_shift: largest difference of a coordinate in pixels of the frame; None without pairs, or without boxes.
        score_difference: largest difference of scores; likewise.
        cosine_distance: largest 1 - cosine of two embeddings; None without embeddings.
    """

    frame: str
    source: int
    compiled: int
    matched: int
    unmatched: int = 0
    box_shift: float | None = None
    score_difference: float | None = None
    cosine_distance: float | None = None


@dataclass(frozen=True)
class Parity:
    """Differences of all frames, and the tolerance."""

    frames: Sequence[FrameParity]
    tolerance: Tolerance

    @property
    def matched(self) -> int:
        """Number of pairs in all frames."""
        return sum(frame.matched for frame in self.frames)

    def largest(self, name: str) -> float | None:
        """Largest value of a field over all frames; None where no frame has one."""
        values = [value for frame in self.frames if (value := getattr(frame, name)) is not None]
        return max(values, default=None)

    def failure(self) -> str | None:
        """Sentence about the value that exceeds the tolerance, or None."""
        lost = self.largest("unmatched")
        if lost:
            worst = max(self.frames, key=lambda frame: frame.unmatched)
            if worst.box_shift is None and worst.score_difference is not None:
                return f"the best class of {worst.frame} is another one in the other engine's answer"
            return f"{worst.unmatched} detections in {worst.frame} have no counterpart in the other engine's answer"
        if not self.matched:
            return "nothing was found in any frame, so nothing is proved; give other frames with --frames"
        for name, limit, words in (
            ("box_shift", self.tolerance.box, "a box is shifted by {:.3g} pixels, which is more than {:g}"),
            ("score_difference", self.tolerance.score, "a score differs by {:.3g}, which is more than {:g}"),
            ("cosine_distance", self.tolerance.cosine, "an embedding is {:.3g} from its source, more than {:g}"),
        ):
            value = self.largest(name)
            if value is not None and not value <= limit:  # not-a-number fails too
                return words.format(value, limit)
        return None

    def document(self) -> dict[str, Any]:
        """Document for JSON."""
        return {
            "frames": [asdict(frame) for frame in self.frames],
            "matched": self.matched,
            "largest_box_shift_px": self.largest("box_shift"),
            "largest_score_difference": self.largest("score_difference"),
            "largest_cosine_distance": self.largest("cosine_distance"),
            "tolerance": asdict(self.tolerance),
            "failure": self.failure(),
        }


def of_detections(frame: str, source: Detections, compiled: Detections, tolerance: Tolerance) -> FrameParity:
    """Pair detections of one class by their overlap, the strongest of the source first.

    An answer ends at the score floor or at the largest number of detections. Near that end the tolerated difference of
    scores decides which detections are in, so one without a counterpart counts only well above it.
    """
    source, compiled = (side.take(np.flatnonzero(side.scores >= tolerance.least_score)) for side in (source, compiled))
    free = list(range(len(compiled.scores)))
    pairs: list[tuple[int, int]] = []
    lost: list[float] = []
    for index in range(len(source.scores)):
        shared = overlaps(source.boxes[index], compiled.boxes[free])
        if source.classes is not None and compiled.classes is not None:
            shared = np.where(compiled.classes[free] == source.classes[index], shared, 0)
        # Overlapping boxes are told apart by their scores.
        near = [free[place] for place in np.flatnonzero(shared >= max(_SAME_BOX_IOU, shared.max(initial=0) - 0.02))]
        if not near:
            lost.append(float(source.scores[index]))
            continue
        best = min(near, key=lambda other: abs(float(compiled.scores[other] - source.scores[index])))
        free.remove(best)
        pairs.append((index, best))
    lost += [float(compiled.scores[index]) for index in free]
    ends = [tolerance.least_score] + [
        float(side.scores.min()) for side in (source, compiled) if len(side.scores) >= MAX_DETECTIONS
    ]
    shifts = [float(np.abs(_points(source, one) - _points(compiled, other)).max()) for one, other in pairs]
    differences = [abs(float(source.scores[one] - compiled.scores[other])) for one, other in pairs]
    return FrameParity(
        frame=frame,
        source=len(source.scores),
        compiled=len(compiled.scores),
        matched=len(pairs),
        unmatched=sum(score > max(ends) + tolerance.score for score in lost),
        box_shift=max(shifts, default=None),
        score_difference=max(differences, default=None),
    )


def of_scores(
    frame: str, source: npt.NDArray[np.float32], compiled: npt.NDArray[np.float32], tolerance: Tolerance
) -> FrameParity:
    """Compare two classifiers' scores, (classes,) float32; the best class of one has to be the other's.

    Of two classes whose scores are nearer than the tolerance either may be the best.
    """
    best = int(compiled.argmax())
    is_another = bool(source.max() - source[best] > tolerance.score)
    return FrameParity(
        frame=frame,
        source=1,
        compiled=1,
        matched=1 - is_another,
        unmatched=int(is_another),
        score_difference=float(np.abs(source - compiled).max()),
    )


def of_embeddings(frame: str, source: npt.NDArray[np.float32], compiled: npt.NDArray[np.float32]) -> FrameParity:
    """Compare unit vectors, (faces, dimensions), row by row."""
    # By rounding the cosine of equal vectors may exceed 1 slightly.
    distances = np.maximum(1 - (source.astype(np.float64) * compiled).sum(axis=1), 0)
    return FrameParity(
        frame=frame,
        source=len(source),
        compiled=len(compiled),
        matched=len(source),
        cosine_distance=float(distances.max()) if len(distances) else None,
    )


def _points(found: Detections, index: int) -> npt.NDArray[np.float32]:
    points = found.boxes[index]
    return points if found.landmarks is None else np.concatenate([points, found.landmarks[index].reshape(-1)])


def overlaps(box: npt.NDArray[np.float32], boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Intersection over union of a box with each of (N, 4).

    A box includes its last pixel, so that one of zero width or height has an area.
    """
    box, boxes = box + _LAST_PIXEL, boxes + _LAST_PIXEL
    shared = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    result: npt.NDArray[np.float32] = shared / np.maximum(areas - shared, np.finfo(np.float32).eps)
    return result
