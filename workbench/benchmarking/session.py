"""A session: every variant timed run by run in turns, then its workers kept busy in turns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.progress import Progress

from workbench.benchmarking import interleaving, labelled, results
from workbench.benchmarking.labelled import LabelledFrame
from workbench.benchmarking.process import VariantProcess
from workbench.benchmarking.request import Request
from workbench.benchmarking.request import of as request_of
from workbench.benchmarking.results import Throughput
from workbench.benchmarking.variants import Variant
from workbench.compilers.onnx.accuracy import Accuracy
from workbench.measuring.processes import peak_mib, together_mib

ROUNDS = 5
"""Turns of each number of workers, of which the median counts."""

_EVERY = 8  # numbers of workers are tried one by one up to here, then doubled
_WORKERS_WARM_UP = 10  # they are forked from a process that has loaded and run the model


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Number and length of the measurements.

    Attributes:
        warm_up, repeat: runs of each variant that are not kept, and that are.
        threads: of each engine.
        workers: the most at once; 0 leaves throughput out.
        seconds: of each number of workers.
    """

    warm_up: int
    repeat: int
    threads: int
    workers: int
    seconds: float

    @property
    def counts(self) -> list[int]:
        """Numbers of workers: every one up to eight, then doubled, and the most."""
        counts = list(range(1, min(self.workers, _EVERY) + 1))
        while counts and counts[-1] < self.workers:
            counts.append(min(2 * counts[-1], self.workers))
        return counts


@dataclass(frozen=True, kw_only=True)
class Timed:
    """Results of one process: runs by stage, peak memory, the answer for the frame, and accuracy."""

    runs: dict[str, list[float]]
    peak_mib: float
    answer: bytes
    accuracy: Accuracy | None


def latency(
    variants: Sequence[Variant],
    request: Request,
    labelled_frames: Sequence[LabelledFrame],
    schedule: Schedule,
    progress: Progress,
) -> list[Timed]:
    """Each variant in a process of its own; one run of each, then the next of each."""

    def accuracy(process: VariantProcess, done: Callable[[], None]) -> Accuracy | None:
        variant = process.variant
        return labelled.measure_variant(
            labelled_frames, variant, lambda path: process.answer(request_of(path, variant.application)), done=done
        )

    with contextlib.ExitStack() as processes:
        started = _loaded(processes, variants, request, schedule, progress, before_fork=False)
        rounds = schedule.warm_up + schedule.repeat
        step = progress.add_task("running in turns", total=rounds * len(variants))
        kept = interleaving.timed(
            started, warm_up=schedule.warm_up, repeat=schedule.repeat, ran=lambda: progress.advance(step)
        )
        peaks = [peak_mib(process.pids[0]) for process in started]
        if labelled_frames:
            step = progress.add_task("labelled frames", total=len(labelled_frames) * len(variants))
        return [
            Timed(
                runs=results.by_stage(runs),
                peak_mib=peak,
                answer=process.answer(request),
                accuracy=accuracy(process, lambda: progress.advance(step)),
            )
            for process, runs, peak in zip(started, kept, peaks, strict=True)
        ]


def throughput(
    variants: Sequence[Variant],
    request: Request,
    schedule: Schedule,
    progress: Progress,
) -> list[list[Throughput]]:
    """Workers of each variant, forked from a process that has loaded the model as the server's master has."""
    counts = schedule.counts
    if not counts:
        return [[] for _ in variants]
    with contextlib.ExitStack() as processes:
        started = _loaded(processes, variants, request, schedule, progress, before_fork=True)
        step = progress.add_task("forking workers", total=counts[-1] * len(started))
        memories: list[list[float]] = []
        for process in started:
            together = []
            for _ in range(counts[-1]):
                process.hire(warm_up=min(schedule.warm_up, _WORKERS_WARM_UP))
                together.append(together_mib(process.pids))
                progress.advance(step)
            memories.append(together)
        step = progress.add_task("workers in turns", total=ROUNDS * len(counts) * len(started))
        busy = interleaving.kept_busy(
            started,
            counts=counts,
            rounds=ROUNDS,
            seconds=schedule.seconds / ROUNDS,
            was_busy=lambda: progress.advance(step),
        )
    return [
        [
            Throughput(workers=count, rounds=turns, memory_mib=together[count - 1])
            for count, turns in zip(counts, of_counts, strict=True)
        ]
        for of_counts, together in zip(busy, memories, strict=True)
    ]


def _loaded(
    processes: contextlib.ExitStack,
    variants: Sequence[Variant],
    request: Request,
    schedule: Schedule,
    progress: Progress,
    *,
    before_fork: bool,
) -> list[VariantProcess]:
    step = progress.add_task("loading", total=len(variants))
    started = []
    for variant in variants:
        process = processes.enter_context(VariantProcess.start(variant, threads=schedule.threads))
        process.load(request, before_fork=before_fork)
        started.append(process)
        progress.advance(step)
    return started
