"""Bars of the servers beside each other: milliseconds of a frame, and frames a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.speed.figures import Figure

_COLOURS = {"this service": "#2b7bc9", "FastAPI": "#6d8fb3", "LitServe": "#93a5ba", "plain server": "#c3ccd8"}
_PEERS = ("FastAPI", "LitServe")
_MILLISECONDS = 1000


def draw(figures: Sequence[Figure], where: dict[str, Any], file: Path) -> None:
    """Draw the cases that have peers as an SVG; write no file where there is none."""
    cases = list(dict.fromkeys(figure.case for figure in figures if figure.name.startswith("throughput / FastAPI")))
    if not cases:
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = {
        "one client, milliseconds a frame: less is better": [_milliseconds(figures, case) for case in cases],
        "eight clients, frames a second: more is better": [_frames_a_second(figures, case) for case in cases],
    }
    drawing, axes = pyplot.subplots(len(panels), figsize=(9, 2.6 * len(panels)), layout="constrained")
    for panel, (title, values) in zip(axes, panels.items(), strict=True):
        rows = [(case, server, value) for case, of in zip(cases, values, strict=True) for server, value in of.items()]
        bars = panel.barh(
            range(len(rows)), [value for *_, value in rows], color=[_COLOURS[name] for _, name, _ in rows]
        )
        panel.bar_label(bars, fmt="{:.3g}", padding=4, fontsize=8)
        labels = [f"{case.split(', ')[1]}: {server}" for case, server, _ in rows]
        panel.set_yticks(range(len(rows)), labels, fontsize=8)
        panel.invert_yaxis()
        panel.set_title(title, fontsize=10, loc="left")
        panel.spines[["top", "right"]].set_visible(False)
    drawing.suptitle(f"{where['processor']}, {where['cores']} cores, {where['date']}", fontsize=9)
    drawing.savefig(file, metadata={"Date": None})
    pyplot.close(drawing)


def _milliseconds(figures: Sequence[Figure], case: str) -> dict[str, float]:
    """Milliseconds of a frame with one client, by server; of the peers from their frames a second."""
    found = {"this service": _value(figures, case, "p50, 1 client", "ours")}
    for name in _PEERS:
        rate = _value(figures, case, f"throughput / {name}, 1 client", "theirs")
        found[name] = _MILLISECONDS / rate if rate else None
    found["plain server"] = _value(figures, case, "p50, 1 client", "theirs")
    return {name: value for name, value in found.items() if value}


def _frames_a_second(figures: Sequence[Figure], case: str) -> dict[str, float]:
    """Frames a second with eight clients, by server."""
    found = {"this service": _value(figures, case, "throughput / FastAPI, 8 clients", "ours")}
    for name in _PEERS:
        found[name] = _value(figures, case, f"throughput / {name}, 8 clients", "theirs")
    found["plain server"] = _value(figures, case, "throughput, 8 clients", "theirs")
    return {name: value for name, value in found.items() if value}


def _value(figures: Sequence[Figure], case: str, name: str, side: str) -> float | None:
    """The number before the unit; None for a server that was not measured."""
    text = next((getattr(each, side) for each in figures if (each.case, each.name) == (case, name)), "")
    return float(text.split()[0]) if text else None
