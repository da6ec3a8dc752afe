"""Index page of the frames that differ most: one file of HTML beside its pictures, read without a network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.comparison.answers import Finding
from workbench.comparison.differences import Tally
from workbench.comparison.results import Comparison

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
        _table("class", compared.by_class | {"together": compared.total}),
        _table("camera", compared.by_camera),
    ]
    for frame, picture in comparison.pictures.items():
        difference = compared.differences[frame]
        only = [
            f"only {name}: {_named(findings)}"
            for name, findings in ((current, difference.only_current), (candidate, difference.only_candidate))
            if findings
        ]
        caption = "; ".join([f"<b>{escape(frame.name)}</b>", *only])
        lines.append(
            f'<figure><img src="{escape(picture)}" alt="" loading="lazy"><figcaption>{caption}</figcaption></figure>'
        )
    return "\n".join([*lines, "</body></html>", ""])


def _table(what: str, tallies: dict[str, Tally]) -> str:
    heading = "".join(f"<th>{each}</th>" for each in (what, "both", "only left", "only right", "agreement"))
    rows = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td>{number:,}</td>' for number in tally)}"
        f"<td>{'' if tally.agreement is None else f'{tally.agreement:.1%}'}</td></tr>"
        for name, tally in tallies.items()
    )
    return f"<table><tr>{heading}</tr>{rows}</table><br>"


def _named(findings: Sequence[Finding]) -> str:
    return ", ".join(f"{escape(each.label)} {each.score:.2f}" for each in findings)
