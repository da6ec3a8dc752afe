"""The results as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.benchmarking.results import OTHER, STAGES, WHOLE, Result

_DOTS_AN_INCH = 100
_WIDTH, _BAR, _FRAME = 9.0, 0.6, 1.6  # inches: of the picture, of a variant's bar, of what is around the bars
_RATES = 3.2
_LONGEST_NAME = 44  # characters beside a bar; of longer ones the end
_COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#bbbbbb")  # Paul Tol's bright ones, apart for all eyes
_MARKS = {"p50": "|", "p95": "D", "p99": "x"}


def plot(results: Sequence[Result], *, title: str, path: Path) -> None:
    """Write a PNG: medians of the stages stacked, a bar a variant, and throughput over the number of workers."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    with_rates = bool(results[0].throughput)
    heights = [_FRAME + _BAR * len(results), *([_RATES] if with_rates else [])]
    figure, axes = pyplot.subplots(
        len(heights), 1, figsize=(_WIDTH, sum(heights)), height_ratios=heights, layout="constrained", squeeze=False
    )
    bars = axes[0][0]
    names = [_shortened(result.variant.name) for result in results]
    rows = range(len(results))
    left = [0.0] * len(results)
    drawn = []
    for stage, colour in zip((*STAGES, OTHER), _COLOURS, strict=True):
        medians = [result.percentiles(stage)["p50"] for result in results]
        drawn.append(bars.barh(rows, medians, left=left, height=0.55, color=colour, label=stage))
        left = [start + median for start, median in zip(left, medians, strict=True)]
    for level, mark in _MARKS.items():
        values = [result.percentiles(WHOLE)[level] for result in results]
        drawn += bars.plot(values, rows, mark, color="black", markersize=7, label=f"whole, {level}")
    bars.set(yticks=list(rows), yticklabels=names, xlabel="milliseconds a frame; stages: medians", xlim=(0, None))
    bars.invert_yaxis()
    bars.grid(visible=True, axis="x", alpha=0.3)
    bars.legend(handles=drawn, ncols=4, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0))
    if with_rates:
        rates = axes[1][0]
        counts = [point.workers for point in results[0].throughput]
        for result, name in zip(results, names, strict=True):
            rates.plot(counts, [point.frames_per_second for point in result.throughput], "o-", label=name)
        rates.set(xlabel="workers", ylabel="frames a second", ylim=(0, None), xticks=counts)
        rates.grid(visible=True, alpha=0.3)
        rates.legend(fontsize="small")
    figure.suptitle(title, fontsize="medium")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DOTS_AN_INCH, metadata={"Software": None})
    pyplot.close(figure)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else "..." + name[3 - _LONGEST_NAME :]
