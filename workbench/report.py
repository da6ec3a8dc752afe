"""An answer as a table for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def detection_table(answer: Mapping[str, Any], *, min_score: float) -> Table:
    """A row a box of at least ``min_score``; the caption counts the weaker ones."""
    found = list(zip(answer["bbox_scores"], answer["bbox_coords"], strict=True))
    shown = [(score, box) for (score,), box in found if score >= min_score]
    table = Table(
        title=f"{len(shown)} found in a frame of {answer['width']} x {answer['height']} pixels",
        caption=f"{len(found) - len(shown)} weaker than {min_score:g} not shown" if len(shown) < len(found) else None,
    )
    for heading in ("#", "score", "x min", "y min", "x max", "y max"):
        table.add_column(heading, justify="right")
    for number, (score, box) in enumerate(shown, start=1):
        table.add_row(str(number), f"{score:.3f}", *(f"{edge:g}" for edge in box))
    return table
