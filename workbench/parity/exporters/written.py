"""File that says how an exporter answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
"""One answer: ``name``, ``score``, and ``box`` where there is one."""


def entry(name: str, score: float, box: Sequence[float] | None = None) -> Entry:
    """Return one answer; the box is x_min, y_min, x_max, y_max in pixels of the frame."""
    found: Entry = {"name": name, "score": float(score)}
    return found if box is None else found | {"box": [float(number) for number in box]}


def write(
    folder: Path, *, model: Sequence[str], exporter: str, threshold: float, answers: Sequence[tuple[Path, list[Entry]]]
) -> None:
    """Write ``expected.json``.

    Args:
        folder: that of the export.
        model: the model's file or folder in it, or those of a detector and an embedder.
        exporter: name and version.
        threshold: score from which the answers are complete.
        answers: the frames, and what the exporter answers to each.
    """
    document = {
        "model": list(model),
        "exporter": exporter,
        "threshold": threshold,
        "answers": [{"frame": str(frame), "found": found} for frame, found in answers],
    }
    (folder / "expected.json").write_text(json.dumps(document), encoding="utf-8")


def shown(width: int, height: int, box: Sequence[float]) -> list[float]:
    """Clip a box at the edges of its frame, as the product does."""
    return [min(max(float(number), 0.0), float(edge)) for number, edge in zip(box, (width, height) * 2, strict=True)]
