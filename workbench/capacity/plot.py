"""The simulated days as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from workbench.capacity.simulation import Day
from workbench.errors import PlanError

_INCHES = (8.0, 6.0)
_DOTS_AN_INCH = 80
_STYLES = ("o-", "s--", "^:")
_ROOM = 3


def require_format(path: Path) -> None:
    """Check that a picture can be written under a name, before anything is computed for it.

    Raises:
        PlanError: its ending names no format.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if path.suffix.removeprefix(".").lower() not in FigureCanvasAgg.filetypes:
        raise PlanError(f"--output is {path}; name a file that ends in .png")


def plot(days: Mapping[str, Sequence[Day]], *, title: str, path: Path) -> None:
    """Write a PNG: p99 and shed load over the number of cameras, a line a series; p99 is logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (latency, shed) = pyplot.subplots(2, 1, sharex=True, figsize=_INCHES, layout="constrained")
    for (name, series), style in zip(days.items(), _STYLES, strict=False):
        counts = [day.cameras for day in series]
        latency.plot(counts, [1000 * day.p99_seconds for day in series], style, label=name)
        shed.plot(counts, [100 * day.shed for day in series], style, label=name)
    latency.set(xscale="log", yscale="log", ylabel="p99 of accepted requests, ms")
    figure.suptitle(title, fontsize="medium")
    values = [1000 * day.p99_seconds for series in days.values() for day in series]
    latency.set_ylim(min(values) / _ROOM, max(values) * _ROOM)
    shed.set(xlabel="cameras", ylabel="shed with 503, %", ylim=(-2, 102))
    latency.legend()
    for axes in (latency, shed):
        axes.grid(visible=True, which="both", alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DOTS_AN_INCH, metadata={"Software": None})
    pyplot.close(figure)
