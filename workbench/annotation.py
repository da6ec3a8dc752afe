"""Draws what was found onto the frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2

from workbench.errors import WorkbenchError

_COLOUR = (60, 220, 60)  # BGR
_TEXT_COLOUR = (0, 0, 0)


def annotate(frame: Path, answer: Mapping[str, Any], output: Path, *, min_score: float) -> int:
    """Writes ``frame`` with a box and a score for every detection of at least ``min_score``.

    Returns:
        The number of boxes drawn.

    Raises:
        WorkbenchError: the frame cannot be read, or the picture not written.
    """
    picture = cv2.imread(str(frame), cv2.IMREAD_COLOR)
    if picture is None:
        raise WorkbenchError(f"cannot read {frame} as an image")
    scale = max(picture.shape[:2]) / 1000
    thickness = max(2, round(2 * scale))
    drawn = 0
    for (score,), box in zip(answer["bbox_scores"], answer["bbox_coords"], strict=True):
        if score < min_score:
            continue
        x_min, y_min, x_max, y_max = (round(edge) for edge in box)
        cv2.rectangle(picture, (x_min, y_min), (x_max, y_max), _COLOUR, thickness)
        _label(picture, f"{score:.2f}", x_min, y_min, size=max(0.5, 0.8 * scale), stroke=max(1, thickness // 2))
        drawn += 1
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(str(output), picture)
    except cv2.error:
        written = False
    if not written:
        raise WorkbenchError(f"cannot write {output}: name a file that ends in .png or .jpg")
    return drawn


def _label(picture: cv2.typing.MatLike, text: str, x: int, y: int, *, size: float, stroke: int) -> None:
    """The score on a filled ground above the box, or inside it where there is no room above."""
    (width, height), baseline = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, stroke)
    top = max(0, y - height - baseline)
    cv2.rectangle(picture, (x, top), (x + width, top + height + baseline), _COLOUR, cv2.FILLED)
    cv2.putText(
        picture,
        text,
        (x, top + height),
        cv2.FONT_HERSHEY_SIMPLEX,
        size,
        _TEXT_COLOUR,
        stroke,
        cv2.LINE_AA,
    )
