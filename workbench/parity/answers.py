"""Answers to frames, of an exporter or of the product, in one form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ParityError

Box = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max in pixels of the frame."""


@dataclass(frozen=True)
class Found:
    """One detection, match or class: a name, a score, and a box where there is one."""

    name: str
    score: float
    box: Box | None = None


@dataclass(frozen=True)
class FrameAnswer:
    """Answer to one frame, which lies at ``frame``."""

    frame: Path
    found: tuple[Found, ...]


@dataclass(frozen=True)
class Exported:
    """Model that an exporter wrote, and its exporter's own answers.

    Attributes:
        model: the file or folder, or ``DETECTOR+EMBEDDER`` of two.
        exporter: name and version of the exporter.
        threshold: score from which the exporter's answers are complete.
        answers: the exporter's, one for each frame.
    """

    model: str
    exporter: str
    threshold: float
    answers: tuple[FrameAnswer, ...]


def read(folder: Path) -> Exported:
    """Read what an exporter left in ``folder``: ``expected.json`` beside the model.

    Raises:
        ParityError: the file is not there, or lacks a field.
    """
    path = folder / "expected.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Exported(
            model="+".join(str(folder / name) for name in document["model"]),
            exporter=document["exporter"],
            threshold=document["threshold"],
            answers=tuple(
                FrameAnswer(Path(answer["frame"]), tuple(map(_found, answer["found"])))
                for answer in document["answers"]
            ),
        )
    except (OSError, ValueError, KeyError) as error:
        raise ParityError(f"{path} is not an exporter's: {error}") from error


def of_service(answer: dict[str, Any]) -> tuple[Found, ...]:
    """Read an answer of ``POST /inference`` that was asked for with ``normalized=true``."""
    if "FaceMatches" in answer:
        matches = answer["FaceMatches"]
        return tuple(Found("face", match["Similarity"], _box(match["Face"]["BoundingBox"])) for match in matches)
    if "labels" in answer:
        return tuple(Found(name, score) for name, score in zip(answer["labels"], answer["scores"], strict=True))
    size = (answer["width"], answer["height"]) * 2
    return tuple(
        Found(name, score[0], _box([share * side for share, side in zip(box, size, strict=True)]))
        for name, score, box in zip(answer["bbox_labels"], answer["bbox_scores"], answer["bbox_coords"], strict=True)
    )


def _found(entry: dict[str, Any]) -> Found:
    return Found(entry["name"], entry["score"], _box(entry["box"]) if "box" in entry else None)


def _box(numbers: list[float]) -> Box:
    x_min, y_min, x_max, y_max = numbers
    return x_min, y_min, x_max, y_max
