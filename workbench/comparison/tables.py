"""The comparison for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.markup import escape
from rich.table import Table

from workbench.comparison.differences import SAME_BOX_IOU, Tally
from workbench.comparison.results import Comparison, Side

_MOST_ROWS = 20


def tables(comparison: Comparison) -> Iterator[Table]:
    """All tables, in the order in which they are read."""
    compared = comparison.compared
    pairs = f"IoU {SAME_BOX_IOU} and a confidence of {comparison.about['min_confidence']:g}"
    table = _agreement(f"agreement by class, from {pairs}", "class", compared.by_class)
    if len(compared.by_class) != 1:
        table.add_section()
        _add_tally(table, "together", compared.total)
    yield table
    if len(compared.by_camera) > 1:
        yield _agreement("agreement by camera", "camera", compared.by_camera)
    yield _side_by_side(comparison)
    if comparison.costs:
        yield _costs(comparison)


def _agreement(title: str, what: str, tallies: Mapping[str, Tally]) -> Table:
    table = Table(title=title)
    table.add_column(what, overflow="fold")
    for heading in ("both", "only current", "only candidate", "agreement"):
        table.add_column(heading, justify="right")
    for name, tally in list(tallies.items())[:_MOST_ROWS]:
        _add_tally(table, name, tally)
    if len(tallies) > _MOST_ROWS:
        table.caption = f"{len(tallies) - _MOST_ROWS} more in comparison.json"
    return table


def _add_tally(table: Table, name: str, tally: Tally) -> None:
    share = "" if tally.agreement is None else f"{tally.agreement:.1%}"
    table.add_row(escape(name), *(f"{number:,}" for number in tally), share)


def _side_by_side(comparison: Comparison) -> Table:
    """A column a model: time, processor time and accuracy."""
    table = Table(title=f"{len(comparison.compared.differences):,} frames, in turns")
    table.add_column("")
    for side, role in zip(comparison.sides, ("current", "candidate"), strict=True):
        table.add_column(f"{role}: {escape(side.name)}", justify="right", overflow="fold")
    rows = [_figures(side) for side in comparison.sides]
    for name in rows[0]:
        table.add_row(name, *(row.get(name, "") for row in rows))
    return table


def _figures(side: Side) -> dict[str, str]:
    figures = {f"{name} ms": f"{value:.1f}" for name, value in (side.milliseconds or {}).items()}
    if side.processor_milliseconds is not None:
        figures["processor ms, mean"] = f"{side.processor_milliseconds:.1f}"
    if side.job:
        figures["job, seconds"] = f"{side.job['seconds']:.0f}"
        figures["instance type"] = str(side.job["instance_type"])
    if side.accuracy:
        figures["precision"] = f"{side.accuracy.precision:.3f}"
        figures["recall"] = f"{side.accuracy.recall:.3f}"
        figures["AP"] = f"{side.accuracy.average_precision:.3f}"
    return figures


def _costs(comparison: Comparison) -> Table:
    currency = f", {comparison.currency}" if comparison.currency else ""
    table = Table(title=f"cost of a million frames{currency}, on instances that are always busy")
    table.add_column("instance type")
    for heading in ("current", "candidate"):
        table.add_column(heading, justify="right")
    table.add_column("price as of")
    for cost in comparison.costs:
        figures = ["" if each is None else f"{each:,.2f}" for each in cost.of_each]
        table.add_row(cost.instance, *figures, cost.because or (cost.price.as_of if cost.price else ""))
    return table


def sentences(comparison: Comparison) -> Iterator[str]:
    """Figures that need no table, and the frames that are missing."""
    compared = comparison.compared
    yield f"{compared.alike:,} of {len(compared.differences):,} frames have the same findings"
    shift = compared.score_shift()
    if shift:
        yield (
            f"scores of the candidate: {shift['mean']:+.3f} on average, from {shift['p5']:+.3f} (p5) to "
            f"{shift['p95']:+.3f} (p95)"
        )
    mean_iou = compared.mean_iou()
    if mean_iou is not None:
        yield f"boxes of both: a mean IoU of {mean_iou:.3f}"
    if comparison.gone:
        yield f"{comparison.gone:,} frames were deleted meanwhile, or lie in an archive"
    for side, refused in compared.refused.items():
        for frame, said in list(refused.items())[:1]:
            yield f"the {side} model has no answer to {len(refused):,} frames, which are left out; {frame.name}: {said}"
