"""A comparison from the chosen frames to its results: run here or by SageMaker, compared, drawn and written."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipc_ai_catalogue as catalogue
from workbench.benchmarking.variants import Variant
from workbench.camera.report import Finding
from workbench.capacity.prices import PriceTable
from workbench.comparison import differences, page, pictures
from workbench.comparison.agreement import Compared
from workbench.comparison.answers import Answer, Reading
from workbench.comparison.costs import Cost
from workbench.comparison.frames import Frame
from workbench.comparison.results import SIDES, Comparison, Side, document
from workbench.comparison.running import Run
from workbench.comparison.transform import Job
from workbench.errors import ComparisonError
from workbench.measuring import percentiles

_PICTURE = "difference-{:02}.jpg"
_CLASSES_DRAWN = 3  # of a classifier


@dataclass(frozen=True)
class Ran:
    """Runs of both models, their figures, the costs, and the price table; None where none is known."""

    runs: Sequence[Run]
    sides: Sequence[Side]
    costs: Sequence[Cost]
    prices: PriceTable | None


def compared(runs: Sequence[Run], read: Reading) -> Compared:
    """Compare the answers to each frame that both models answered.

    Raises:
        ComparisonError: there is no such frame.
    """
    current, candidate = runs
    answers = {
        frame: (read.of(body), read.of(candidate.answers[frame]))
        for frame, body in current.answers.items()
        if frame in candidate.answers
    }
    refused = dict(zip(SIDES, (current.refused, candidate.refused), strict=True))
    if not answers:
        said = next(said for each in refused.values() for said in each.values())
        raise ComparisonError(f"no frame was answered by both models; {said}")
    return Compared(
        differences={frame: differences.of_answers(*both) for frame, both in answers.items()},
        refused=refused,
        classifies=any(first.classes for first, _ in answers.values()),
    )


def side(variant: Variant, run: Run, job: Job | None = None, *, instance: str = "") -> Side:
    """Figures of one model's run."""
    answers_one = bool(catalogue.load().application(variant.application).targets)
    return Side(
        name=variant.name,
        model=variant.model_name,
        engine=variant.engine,
        classes=() if answers_one else tuple(name for name in variant.parts[0].model.classes if name),
        milliseconds=percentiles.of(run.milliseconds) if run.milliseconds else None,
        processor_milliseconds=_mean(run.processor_milliseconds),
        job=_of_job(job, run, instance) if job else None,
        accuracy=run.accuracy,
    )


def draw(
    frames: Mapping[Frame, Path],
    runs: Sequence[Run],
    names: Sequence[str],
    read: Reading,
    folder: Path,
) -> dict[Frame, str]:
    """Draw frames with both answers.

    Returns:
        File names in the folder by frame.

    Raises:
        WorkbenchError: a frame cannot be read, or a picture not written.
    """
    for old in folder.glob(_PICTURE.format(0).replace("00", "*")):
        old.unlink()
    drawn = {}
    for number, (frame, path) in enumerate(frames.items(), start=1):
        drawn[frame] = _PICTURE.format(number)
        sides = [(name, _drawn(read.of(run.answers[frame]))) for name, run in zip(names, runs, strict=True)]
        pictures.write(path, sides, folder / drawn[frame])
    return drawn


def told(about: Mapping[str, Any], ran: Ran, found: Compared, drawn: Mapping[Frame, str]) -> Comparison:
    """All results together."""
    current, candidate = ran.sides
    return Comparison(
        about=about,
        sides=(current, candidate),
        compared=found,
        costs=ran.costs,
        currency=ran.prices.currency if ran.prices else None,
        pictures=drawn,
        gone=about["source"]["chosen"] - len(ran.runs[0].answers) - len(ran.runs[0].refused),
    )


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the JSON document, and the page that shows the pictures; return both."""
    figures, index = folder / "comparison.json", folder / "index.html"
    figures.write_text(json.dumps(document(comparison), indent=2) + "\n", encoding="utf-8")
    index.write_text(page.html(comparison), encoding="utf-8")
    return [index, figures]


def _drawn(answer: Answer) -> Sequence[Finding]:
    return answer.classes[:_CLASSES_DRAWN] or answer.findings


def _of_job(job: Job, run: Run, instance: str) -> dict[str, Any]:
    return {
        "name": job.name,
        "instance_type": instance,
        "seconds": round(job.seconds, 1),
        "frames": len(run.answers),
        "failure": job.failure or None,
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(statistics.fmean(values), 3) if values else None
