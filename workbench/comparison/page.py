"""Index page of the frames that differ most: one file of HTML beside its pictures, read without a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from workbench.camera.report import Finding
from workbench.comparison.differences import Tally
from workbench.comparison.results import Comparison
from workbench.comparison.tables import figures

_STYLE = (
    "body{font:15px/1.5 sans-serif;margin:2em;max-width:1320px}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:.2em .7em;text-align:right}td:first-child,th:first-child{text-align:left}"
    "img{max-width:100%;display:block}figure{margin:2em 0}figcaption{margin-top:.4em}"
)


def html(comparison: Comparison) -> str:
    """The page; its pictures lie beside it."""
    current, candidate = (escape(side.name) for side in comparison.sides)
    compared = comparison.compared
    share = compared.total.agreement
    agreed = "nothing was found" if share is None else f"{share:.1%} agreement"
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>compare-models</title>',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{current} (left) and {candidate} (right)</h1>",
        f"<p>{len(compared.differences):,} frames, {agreed}; {escape(str(comparison.about['date']))}</p>",
        _agreement("class", compared.by_class | {"together": compared.total}),
        _agreement("camera", compared.by_camera),
        _figures(comparison),
    ]
    for frame, picture in comparison.pictures.items():
        difference = compared.differences[frame]
        only = [
            f"only {name}: {_named(findings)}"
            for name, findings in ((current, difference.only_current), (candidate, difference.only_candidate))
            if findings
        ]
        caption = "; ".join([f"<b>{escape(frame.shown)}</b>", *only])
        lines.append(
            f'<figure><img src="{escape(picture)}" alt="" loading="lazy"><figcaption>{caption}</figcaption></figure>'
        )
    return "\n".join([*lines, "</body></html>", ""])


def _agreement(what: str, tallies: Mapping[str, Tally]) -> str:
    rows = [
        [name, *(f"{number:,}" for number in tally), "" if tally.agreement is None else f"{tally.agreement:.1%}"]
        for name, tally in tallies.items()
    ]
    return _table([what, "both", "only left", "only right", "agreement"], rows)


def _figures(comparison: Comparison) -> str:
    left, right = (figures(side) for side in comparison.sides)
    rows = [[name, left[name], right.get(name, "")] for name in left]
    costs = [
        [f"a million frames, {cost.instance}, {comparison.currency}", *(f"{each:.2f}" for each in cost.of_each if each)]
        for cost in comparison.costs
        if all(cost.of_each)
    ]
    return _table(["", "left", "right"], rows + costs)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    first = "".join(f"<th>{escape(each)}</th>" for each in headings)
    others = "".join(f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in row)}</tr>" for row in rows)
    return f"<table><tr>{first}</tr>{others}</table><br>"


def _named(findings: Sequence[Finding]) -> str:
    return ", ".join(f"{escape(each.name)} {each.score:.2f}" for each in findings)
