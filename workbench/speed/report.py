"""The figures as a table, as a JSON file and as a picture."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from workbench import serving_program
from workbench.measuring.machine import processor_name
from workbench.speed import servers_plot
from workbench.speed.figures import Figure

_FURTHEST = 16.0
_VERDICTS = {True: "[green]held[/green]", False: "[red]missed[/red]", None: ""}


def machine() -> dict[str, Any]:
    """Machine and date of the run."""
    return {
        "processor": processor_name(),
        "cores": serving_program.usable_cores(),
        "system": platform.platform(),
        "load_average": round(os.getloadavg()[0], 2),
        "date": datetime.now(UTC).date().isoformat(),
    }


def table(figures: Sequence[Figure]) -> Table:
    """The figures with their targets, to print."""
    drawn = Table(title="The product beside what it is compared with")
    for name in ("case", "figure", "product", "beside", "value", "target", ""):
        drawn.add_column(name, justify="left" if name in ("case", "figure", "") else "right")
    for figure in figures:
        target = f"{figure.sign} {figure.target:g} {figure.unit}" if figure.sign else ""
        drawn.add_row(
            figure.case,
            figure.name,
            figure.ours,
            figure.theirs,
            f"{figure.value:.3g} {figure.unit}",
            target,
            _VERDICTS[figure.held],
        )
    return drawn


def say(figures: Sequence[Figure]) -> None:
    """Print the table at full width, on a narrow terminal too, so that no figure is cut."""
    console = Console()
    Console(width=max(console.width, 150)).print(table(figures))


def write(figures: Sequence[Figure], where: dict[str, Any], folder: Path) -> list[Path]:
    """Write ``speed.json``, ``speed.md`` and, where there is something to draw, ``speed.png`` and ``servers.svg``.

    Returns:
        The files that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {"machine": where, "figures": [figure.document() for figure in figures]}
    texts, rows, picture = (folder / f"speed.{kind}" for kind in ("json", "md", "png"))
    texts.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    rows.write_text(_markdown(figures), encoding="utf-8")
    bars = folder / "servers.svg"
    for drawn in (picture, bars):
        drawn.unlink(missing_ok=True)  # of another run, when there is nothing to show of this one
    if judged := [figure for figure in figures if figure.sign and figure.target]:
        _plot(judged, where, picture)
    servers_plot.draw(figures, where, bars)
    return [file for file in (texts, rows, picture, bars) if file.exists()]


def _markdown(figures: Sequence[Figure]) -> str:
    """The table as decision 0040 has it."""
    rows = ["| case | figure | product | beside | value | target | |", "|---|---|---|---|---|---|---|"]
    for figure in figures:
        unit = "x" if figure.unit == "x" else f" {figure.unit}"
        target = f"{figure.sign} {figure.target:g}{unit}" if figure.sign else ""
        verdict = {True: "held", False: "missed", None: ""}[figure.held]
        cells = (figure.case, figure.name, figure.ours, figure.theirs, f"{figure.value:.3g}{unit}", target, verdict)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _plot(judged: Sequence[Figure], where: dict[str, Any], file: Path) -> None:
    """Draw every figure as a multiple of its target, with a dot a round."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    height = 1.2 + 0.34 * len(judged)
    drawing, axes = pyplot.subplots(figsize=(11, height), layout="constrained")
    for row, figure in enumerate(reversed(judged)):
        axes.barh(row, _share(figure, figure.value), color="#2a9d8f" if figure.held else "#e76f51", height=0.6)
        axes.plot([_share(figure, value) for value in figure.rounds], [row] * len(figure.rounds), "k.", markersize=3)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_yticks(range(len(judged)), [f"{figure.case}: {figure.name}" for figure in reversed(judged)], fontsize=8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("times better than the target (1 = just held)")
    axes.set_title(f"{where['processor']}, {where['cores']} cores, {where['date']}", fontsize=9)
    drawing.savefig(file, dpi=110)
    pyplot.close(drawing)


def _share(figure: Figure, value: float) -> float:
    """Times better than the target; a value near zero is cut where the axis ends."""
    if figure.sign == ">=":
        return value / figure.target
    return figure.target / value if value * _FURTHEST > figure.target else _FURTHEST
