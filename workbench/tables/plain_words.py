"""A model of tables in plain words, line by line."""

from __future__ import annotations

import json

from workbench.tables.graph import TableGraph

_SHOWN_CHARACTERS = 160


def lines(table: TableGraph) -> list[str]:
    """Say how it was told, what it takes, and what it answers."""
    row = json.dumps(table.row)
    shown = row if len(row) <= _SHOWN_CHARACTERS else f"{row[:_SHOWN_CHARACTERS]}..."
    return [
        f"table       told by {table.because}",
        f"takes       {table.columns}, such as {shown}",
        f"answers     {', '.join(table.outputs)}",
    ]
