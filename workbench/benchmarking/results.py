"""Results of each variant, and all of them as one JSON document."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.benchmarking.interleaving import Milliseconds, Served
from workbench.camera.report import Found
from workbench.capacity import value
from workbench.measuring import percentiles

if TYPE_CHECKING:
    from workbench.benchmarking.variants import Variant
    from workbench.capacity.prices import PriceTable
    from workbench.capacity.value import Value
    from workbench.compilers.onnx.accuracy import Accuracy

SCHEMA_VERSION = 1
WHOLE, OTHER = "whole", "other"
STAGES = ("decode", "preprocess", "infer", "postprocess")
"""As the serving program names them; ``other`` is what the whole takes beside them."""


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Throughput of several workers together.

    Attributes:
        workers: how many, each in a process of its own and each with its next request at once.
        rounds: turns of all workers, each with what its workers served.
        memory_mib: of so many workers, warmed up, and the process that they were forked from.
    """

    workers: int
    rounds: Sequence[Served]
    memory_mib: float

    @property
    def of_rounds(self) -> list[float]:
        """Requests a second of each turn: of every worker its requests over its time, summed."""
        return [round(sum(served / seconds for served, seconds in turn), 3) for turn in self.rounds]

    @property
    def frames_per_second(self) -> float:
        """The median turn's."""
        return round(statistics.median(self.of_rounds), 3)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One variant's.

    Attributes:
        runs: milliseconds by stage, each with one value a run.
        peak_mib: the most memory of the process that made these runs.
        throughput: by growing numbers of workers; empty when it was not asked for.
        found: what is drawn in its picture, with scores or similarities.
        accuracy: on labelled frames; None without.
        picture: file name of the annotated frame.
    """

    variant: Variant
    runs: Mapping[str, Sequence[float]]
    peak_mib: float
    throughput: Sequence[Throughput]
    found: Found
    picture: str
    accuracy: Accuracy | None

    def percentiles(self, stage: str) -> percentiles.Percentiles:
        """Milliseconds of a stage, of ``other`` or of the ``whole``."""
        return percentiles.of(self.runs[stage])

    @property
    def best_rate(self) -> float | None:
        """Frames a second of the number of workers that manages most."""
        return max((point.frames_per_second for point in self.throughput), default=None)

    def values(self, prices: PriceTable | None) -> Sequence[Value]:
        """Frames for money by type of instance, scaled from the most workers; none without throughput."""
        most = max(self.throughput, key=lambda point: point.workers, default=None)
        return value.of_types(value.of_cores(most.frames_per_second / most.workers), prices) if most else []


def by_stage(runs: Sequence[Milliseconds]) -> dict[str, list[float]]:
    """Runs as a list a stage, the four stages first, ``other`` and the ``whole`` last.

    A stage that a run does not have took it no time.
    """
    inner = [name for run in runs for name in run if name not in (*STAGES, WHOLE)]
    names = [*STAGES, *dict.fromkeys(inner)]
    columns = {name: [run.get(name, 0.0) for run in runs] for name in names}
    other = [round(run[WHOLE] - sum(run.get(stage, 0.0) for stage in STAGES), 3) for run in runs]
    return {**columns, OTHER: other, WHOLE: [run[WHOLE] for run in runs]}


def times_as_fast(result: Result, first: Result) -> float:
    """The first's median over this one's: 2 means half the time."""
    return round(first.percentiles(WHOLE)["p50"] / result.percentiles(WHOLE)["p50"], 3)


def times_the_frames(result: Result, first: Result) -> float | None:
    """Its best throughput over the first's; None without."""
    if result.best_rate is None or not first.best_rate:
        return None
    return round(result.best_rate / first.best_rate, 3)


def document(results: Sequence[Result], about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything, with every run; docs/benchmark.md says what its keys mean."""
    return {
        "schema_version": SCHEMA_VERSION,
        **about,
        "percentiles": percentiles.DEFINITION,
        "variants": [_of_variant(result, results[0]) for result in results],
    }


def _of_variant(result: Result, first: Result) -> dict[str, Any]:
    variant = result.variant
    return {
        "name": variant.name,
        "model": variant.model_name,
        "engine": variant.engine,
        "application": variant.application,
        "artefact_bytes": variant.artefact_bytes,
        "milliseconds": {stage: result.percentiles(stage) for stage in (*STAGES, OTHER, WHOLE)},
        "times_as_fast_as_first": times_as_fast(result, first),
        "times_the_throughput_of_first": times_the_frames(result, first),
        "peak_memory_mib": result.peak_mib,
        "throughput": [
            {
                "workers": point.workers,
                "frames_per_second": point.frames_per_second,
                "rounds": point.of_rounds,
                "served": [[list(worker) for worker in turn] for turn in point.rounds],
                "memory_mib": point.memory_mib,
            }
            for point in result.throughput
        ],
        "found": [finding._asdict() for finding in result.found],
        "picture": result.picture,
        "accuracy": result.accuracy and dataclasses.asdict(result.accuracy),
        "runs": {stage: list(values) for stage, values in result.runs.items()},
    }
