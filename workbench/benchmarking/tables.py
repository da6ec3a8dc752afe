"""The results for a person."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from workbench.benchmarking.results import OTHER, STAGES, WHOLE, Result, times_as_fast, times_the_frames


def latency_table(results: Sequence[Result], *, repeat: int) -> Table:
    """A section a variant, a row a stage."""
    table = Table(title=f"one frame at a time: milliseconds of {repeat} runs, in turns")
    _columns(table, ["variant", "stage"], ["p50", "p95", "p99", "x first"])
    for result in results:
        for number, stage in enumerate((*STAGES, OTHER, WHOLE)):
            figures = [f"{value:.2f}" for value in result.percentiles(stage).values()]
            ratio = f"{times_as_fast(result, results[0]):.2f}" if stage == WHOLE else ""
            style = "bold" if stage == WHOLE else ""
            table.add_row("" if number else result.variant.name, stage, *figures, ratio, style=style)
        table.add_section()
    table.caption = "x first: how many times as fast as the first, by the medians"
    return table


def throughput_table(results: Sequence[Result]) -> Table:
    """A row a variant, a column a number of workers: frames a second and MiB of all of them."""
    table = Table(title="frames a second and MiB, by workers")
    counts = [str(point.workers) for point in results[0].throughput]
    _columns(table, ["variant", ""], [*counts, "x first"])
    for result in results:
        rates = [f"{point.frames_per_second:.1f}" for point in result.throughput]
        memory = [f"{point.memory_mib:.0f}" for point in result.throughput]
        table.add_row(result.variant.name, "frames/s", *rates, f"{times_the_frames(result, results[0]) or 0:.2f}")
        table.add_row("", "MiB", *memory, "")
        table.add_section()
    return table


def quality_table(results: Sequence[Result], *, caption: str) -> Table:
    """A row a variant: size, memory, what it found, and how right it is where there are labels."""
    table = Table(title="cost and quality", caption=caption)
    labelled = any(result.accuracy is not None for result in results)
    right = ["AP", "precision", "recall"] if labelled else []
    _columns(table, ["variant"], ["files, MB", "peak MiB", "drawn", *right])
    for result in results:
        figures = [f"{result.variant.artefact_bytes / 1e6:.1f}", f"{result.peak_mib:.0f}", str(len(result.found))]
        if result.accuracy:
            measured = result.accuracy
            values = (measured.average_precision, measured.precision, measured.recall)
            figures += [f"{value:.3f}" for value in values]
        table.add_row(result.variant.name, *figures)
    return table


def _columns(table: Table, words: Sequence[str], figures: Sequence[str]) -> None:
    for heading in words:
        table.add_column(heading, overflow="fold")
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
