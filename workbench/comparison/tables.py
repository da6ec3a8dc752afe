"""The comparison for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.markup import escape
from rich.table import Table

from workbench.comparison.differences import SAME_BOX_IOU, Tally
from workbench.comparison.results import Comparison, Side

_MOST_ROWS, _MOST_NAMES = 20, 10


def tables(comparison: Comparison) -> Iterator[Table]:
    """All tables, in the order in which they are read."""
    compared = comparison.compared
    counted = f"from IoU {SAME_BOX_IOU} and a confidence of {comparison.about['min_confidence']:g}"
    counted = "the first of each frame" if compared.classifies else counted
    table = _agreement(f"agreement by class, {counted}", "class", compared.by_class)
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
    table = Table(title=f"{_frames(len(comparison.compared.differences))}, {comparison.about['application']}")
    table.add_column("")
    for side, role in zip(comparison.sides, ("current", "candidate"), strict=True):
        table.add_column(f"{role}: {escape(side.name)}", justify="right", overflow="fold")
    rows = [figures(side) for side in comparison.sides]
    for name in rows[0]:
        table.add_row(name, *(row.get(name, "") for row in rows))
    return table


def figures(side: Side) -> dict[str, str]:
    """Time of a frame, the job and accuracy, as far as they are known, by their headings."""
    found = {f"{name} ms": f"{value:.1f}" for name, value in (side.milliseconds or {}).items()}
    if side.processor_milliseconds is not None:
        found["processor ms, mean"] = f"{side.processor_milliseconds:.1f}"
    if side.job:
        found["job, seconds"] = f"{side.job['seconds']:.0f}"
        found["instance type"] = str(side.job["instance_type"])
    if side.accuracy:
        found["precision"] = f"{side.accuracy.precision:.3f}"
        found["recall"] = f"{side.accuracy.recall:.3f}"
        found["AP"] = f"{side.accuracy.average_precision:.3f}"
    return found


def _costs(comparison: Comparison) -> Table:
    currency = f", {comparison.currency}" if comparison.currency else ""
    table = Table(title=f"cost of a million frames at full load{currency}")
    table.add_column("instance type")
    for heading in ("current", "candidate"):
        table.add_column(heading, justify="right")
    table.add_column("price as of")
    for cost in comparison.costs:
        figures = ["" if each is None else f"{each:,.2f}" for each in cost.of_each]
        table.add_row(cost.instance, *figures, cost.because or (cost.price.as_of if cost.price else ""))
    return table


def sentences(comparison: Comparison) -> Iterator[str]:
    """Figures that need no table, and what one model lacks."""
    compared = comparison.compared
    current, candidate = ({name.lower(): name for name in side.classes} for side in comparison.sides)
    for role, mine, its in (("current", current, candidate), ("candidate", candidate, current)):
        alone = [name for key, name in mine.items() if key not in its]
        if alone and its:
            more = f" and {len(alone) - _MOST_NAMES} more" if len(alone) > _MOST_NAMES else ""
            yield f"classes that only the {role} model knows: {', '.join(alone[:_MOST_NAMES])}{more}"
    yield f"the same findings in {compared.alike:,} of {_frames(len(compared.differences))}"
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
        yield f"deleted since they were listed, or in an archive: {_frames(comparison.gone)}"
    for side, refused in compared.refused.items():
        for frame, said in list(refused.items())[:1]:
            yield f"left out, because the {side} model has no answer: {_frames(len(refused))}; {frame.shown}: {said}"


def _frames(count: int) -> str:
    return f"{count:,} frame{'' if count == 1 else 's'}"
