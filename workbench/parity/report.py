"""Result of the comparison, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.parity.kinds import Kind
from workbench.parity.matching import Agreement

_HEADINGS = ("kind", "head", "exporter", "boxes", "lowest IoU", "largest score difference", "")
_SHOWN = 5


@dataclass(frozen=True)
class Result:
    """Outcome of one kind.

    Attributes:
        kind: the kind.
        exporter: name and version of its exporter.
        agreement: over all frames; None where there is a failure.
        failure: the line that says why nothing could be compared.
    """

    kind: Kind
    exporter: str = ""
    agreement: Agreement | None = None
    failure: str | None = None

    @property
    def holds(self) -> bool:
        """Tell whether parity holds."""
        return self.agreement is not None and self.agreement.holds(self.kind.tolerance)

    def document(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        found = self.agreement
        return {
            "kind": self.kind.name,
            "head": self.kind.head,
            "exporter": self.exporter,
            "boxes": found.boxes if found else 0,
            "lowest_iou": found.lowest_iou if found else None,
            "largest_score_difference": found.largest_difference if found else None,
            "tolerance": self.kind.tolerance,
            "alone": list(found.alone) if found else [],
            "failure": self.failure,
            "holds": self.holds,
        }


def table(results: Sequence[Result]) -> str:
    """Return a table of Markdown, with a line below it for each thing that does not agree."""
    rows = [_HEADINGS, tuple("---" for _ in _HEADINGS), *map(_row, results)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    for result in results:
        said = [result.failure] if result.failure else list(result.agreement.alone if result.agreement else ())
        lines += [f"{result.kind.name}: {line}" for line in said[:_SHOWN]]
        if len(said) > _SHOWN:
            lines.append(f"{result.kind.name}: and {len(said) - _SHOWN} more")
    return "\n".join(lines)


def _row(result: Result) -> tuple[str, ...]:
    found = result.agreement
    verdict = "holds" if result.holds else "FAILS"
    if found is None:
        return result.kind.name, result.kind.head, result.exporter, "", "", "", verdict
    lowest = "" if found.lowest_iou is None else f"{found.lowest_iou:.4f}"
    figures = str(found.boxes), lowest, f"{found.largest_difference:.4f}"
    return result.kind.name, result.kind.head, result.exporter, *figures, verdict
