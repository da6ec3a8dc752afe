"""Results of a comparison, and all of them as one JSON document."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.camera.report import Finding
from workbench.comparison.agreement import Compared
from workbench.comparison.agreement import document as of_tally
from workbench.comparison.costs import Cost
from workbench.comparison.differences import SAME_BOX_IOU
from workbench.comparison.frames import Frame
from workbench.compilers.onnx.accuracy import Accuracy
from workbench.measuring import percentiles
from workbench.measuring.percentiles import Percentiles

SCHEMA_VERSION = 1
SIDES = ("current", "candidate")


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two models.

    Attributes:
        name: what it is called; the two are called differently.
        model, engine: ``MODEL_NAME`` of the container, and the engines of its parts.
        classes: names of the classes that it answers; empty where the application answers one.
        milliseconds: percentiles of a frame's time; None where SageMaker ran it.
        processor_milliseconds: mean processor time of a frame; likewise.
        job: the batch transform job with its name, seconds and instance type; None where it ran here.
        accuracy: on labelled frames; None without.
    """

    name: str
    model: str
    engine: str
    classes: tuple[str, ...] = ()
    milliseconds: Percentiles | None = None
    processor_milliseconds: float | None = None
    job: Mapping[str, Any] | None = None
    accuracy: Accuracy | None = None

    @property
    def seconds(self) -> float | None:
        """Mean time of a frame: the processor's here, an instance's in a job; None where it is not known."""
        if self.job:
            frames = self.job["frames"]
            return float(self.job["seconds"] / frames) if frames else None
        return None if self.processor_milliseconds is None else self.processor_milliseconds / 1000


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All that is told.

    Attributes:
        about: date, machine, application, source of the frames, seed and least confidence.
        sides: the current model and the candidate.
        compared: the frames with their differences.
        costs: of a million frames, by instance type.
        currency: of the costs; None without prices.
        pictures: file names by frame of those that differ most.
        gone: number of frames that were there when they were listed, and not any more.
    """

    about: Mapping[str, Any]
    sides: tuple[Side, Side]
    compared: Compared
    costs: Sequence[Cost]
    currency: str | None
    pictures: Mapping[Frame, str]
    gone: int


def document(comparison: Comparison) -> dict[str, Any]:
    """Everything, with every frame; docs/operations/change.md says what its keys mean."""
    compared = comparison.compared
    return {
        "schema_version": SCHEMA_VERSION,
        **comparison.about,
        "frames": {
            "compared": len(compared.differences),
            "alike": compared.alike,
            "gone": comparison.gone,
            "cameras": len({frame.camera for frame in compared.differences}),
            "refused": {side: {frame.name: said for frame, said in compared.refused[side].items()} for side in SIDES},
        },
        "agreement": {
            "iou": SAME_BOX_IOU,
            "together": of_tally(compared.total),
            "by_class": {name: of_tally(tally) for name, tally in compared.by_class.items()},
            "by_camera": {name: of_tally(tally) for name, tally in compared.by_camera.items()},
            "score_shift": compared.score_shift(),
            "mean_iou": compared.mean_iou(),
        },
        **{side: _of_side(each) for side, each in zip(SIDES, comparison.sides, strict=True)},
        "percentiles": percentiles.DEFINITION,
        "cost_of_a_million_frames": [_of_cost(cost, comparison.currency) for cost in comparison.costs],
        "differences": [
            {
                "frame": frame.name,
                "camera": frame.camera,
                "hour": frame.hour,
                "difference": round(each.size, 4),
                "only_current": [_of_finding(finding) for finding in each.only_current],
                "only_candidate": [_of_finding(finding) for finding in each.only_candidate],
                "picture": comparison.pictures.get(frame),
            }
            for frame, each in sorted(compared.differences.items(), key=lambda item: (-item[1].size, item[0]))
        ],
    }


def _of_side(side: Side) -> dict[str, Any]:
    return {**dataclasses.asdict(side), "accuracy": side.accuracy and dataclasses.asdict(side.accuracy)}


def _of_cost(cost: Cost, currency: str | None) -> dict[str, Any]:
    return {
        "instance_type": cost.instance,
        "currency": currency,
        **{side: None if each is None else round(each, 4) for side, each in zip(SIDES, cost.of_each, strict=True)},
        "price_as_of": cost.price.as_of if cost.price else None,
        "price_source": cost.price.source if cost.price else None,
        "unknown_because": cost.because or None,
    }


def _of_finding(finding: Finding) -> dict[str, Any]:
    return {"label": finding.name, "score": finding.score, "box": finding.box}
