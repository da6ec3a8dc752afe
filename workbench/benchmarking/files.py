"""The files that a benchmark leaves: JSON, a plot, and what each variant found."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.benchmarking import pictures
from workbench.benchmarking.plot import plot
from workbench.benchmarking.results import WHOLE, Result, times_as_fast
from workbench.camera import report
from workbench.camera.annotation import annotate
from workbench.compilers.onnx.accuracy import SURE


def picture_name(variant: str) -> str:
    """The file for a variant's frame: its name, without what file systems and shells mind."""
    return f"{re.sub(r'[^A-Za-z0-9_.+@-]+', '-', variant)}.png"


def found(answer: bytes) -> report.Found:
    """Findings to draw: detections that precision and recall count, or all matches or classes."""
    document = json.loads(answer)
    return report.findings(document, min_score=0 if report.is_classification(document) else SURE) or []


def write(results: Sequence[Result], document: dict[str, Any], *, frame: Path, folder: Path) -> list[Path]:
    """The JSON, the plot, a picture a variant, and all of these side by side; returns what to look at.

    Raises:
        WorkbenchError: a picture cannot be written.
    """
    figures, curves, together = (folder / name for name in ("benchmark.json", "benchmark.png", "side-by-side.png"))
    figures.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    about = document["machine"]
    title = f"{frame.name}, {document['repeat']} runs in turns; {about['cores']} cores, {about['processor']}"
    plot(results, title=title, path=curves)
    drawn = []
    for result in results:
        annotate(frame, result.found, folder / result.picture)
        drawn.append((folder / result.picture, _heading(result, results[0])))
    pictures.side_by_side(drawn, together)
    return [figures, curves, together]


def _heading(result: Result, first: Result) -> list[str]:
    figures = [f"p50 {result.percentiles(WHOLE)['p50']:.1f} ms", f"{times_as_fast(result, first):.2f} x first"]
    figures.append(f"{len(result.found)} found")
    if result.accuracy:
        figures.append(f"recall {result.accuracy.recall:.3f}, precision {result.accuracy.precision:.3f}")
    return [result.variant.name, ", ".join(figures)]
