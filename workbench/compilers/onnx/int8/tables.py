"""Figures of 8 bits next to those of 32, for a person."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from workbench.compilers.onnx.int8.losses import AGAIN

_FIGURES = ("average_precision", "precision", "recall")


def table(report: dict[str, Any]) -> Table:
    """Build the table of a report: sizes, and the accuracy or what else of 32 bits was kept."""
    made = Table(title="8 bits next to 32")
    for heading in ("", "FP32", "INT8"):
        made.add_column(heading, justify="left" if not heading else "right")
    made.add_row("size, MB", *(f"{report['bytes'][kind] / 1e6:.1f}" for kind in ("fp32", "int8")))
    both, loss = report["accuracy"], report["loss"]
    if both["fp32"]:
        for name in _FIGURES:
            made.add_row(name.replace("_", " "), *(f"{both[kind][name]:.3f}" for kind in ("fp32", "int8")))
        made.caption = f"{both['fp32']['labels']} labels in {both['fp32']['frames']} frames, IoU 0.5"
    else:
        made.caption = _without_labels(loss)
    if loss["fp32"] is not None and loss["measure"] not in _FIGURES:
        made.add_row(loss["measure"], f"{loss['fp32']:.3f}", f"{loss['int8']:.3f}")
    cosine = report["int8"]["largest_cosine_distance"]
    if cosine is not None:
        made.add_row("largest 1 - cosine", "0", f"{cosine:.3g}")
    return made


def _without_labels(loss: dict[str, Any]) -> str:
    if not loss["of_boxes"]:
        return f"of {loss['count']}, next to 32 bits"
    said = "no labels beside the frames: accuracy unknown"
    if loss["fp32"] is None:
        return f"{said}; 32 bits are sure of no box in them"
    return f"{said}; of {loss['count']} boxes that 32 bits are sure of, those found again from a score of {AGAIN}"
