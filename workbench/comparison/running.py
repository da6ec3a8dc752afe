"""Runs of both models over the frames on this machine, each in a process with the serving program's own code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.benchmarking import labelled
from workbench.benchmarking.labelled import LabelledFrame
from workbench.benchmarking.process import VariantProcess
from workbench.benchmarking.request import of as request_of
from workbench.benchmarking.variants import Variant
from workbench.comparison.frames import Frame
from workbench.compilers.onnx.accuracy import Accuracy
from workbench.errors import ComparisonError, RefusedError

_WARM_UP = 3
"""Runs of the first frame that are not timed: memory is allocated, and caches filled, in the first."""
_THREADS = 1  # of each engine, so that processor time and time on the clock are the same thing


@dataclass
class Run:
    """Answers of one model.

    Attributes:
        answers: body by frame.
        refused: the program's sentence by frame that it refused.
        milliseconds: time of each answer, from the encoded frame to the JSON; empty where it is not known.
        processor_milliseconds: processor time of each, likewise.
        accuracy: on labelled frames; None without.
    """

    answers: dict[Frame, bytes] = field(default_factory=dict)
    refused: dict[Frame, str] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    processor_milliseconds: list[float] = field(default_factory=list)
    accuracy: Accuracy | None = None


def run(
    variants: Sequence[Variant],
    paths: Mapping[Frame, Path],
    *,
    labelled_frames: Sequence[LabelledFrame] = (),
    done: Callable[[], None] = lambda: None,
) -> list[Run]:
    """Have every model answer the first frame, then every one the next: they take turns, one at work at a time.

    Args:
        variants: the models.
        paths: files by frame.
        labelled_frames: frames with boxes that people drew, for the accuracy of detectors.
        done: is told of every answer.

    Raises:
        BenchmarkError: a model does not load, or its process ends.
        ComparisonError: there is no frame.
    """
    if not paths:
        raise ComparisonError("all frames are gone since they were listed; call it again")
    runs = [Run() for _ in variants]
    with contextlib.ExitStack() as started:
        processes = [started.enter_context(VariantProcess.start(each, threads=_THREADS)) for each in variants]
        first = next(iter(paths.values()))
        for process in processes:
            process.load(request_of(first, process.variant.application))
            with contextlib.suppress(RefusedError):  # which the frame's own turn will tell
                for _ in range(_WARM_UP):
                    process.run()
        for frame, path in paths.items():
            for process, each in zip(processes, runs, strict=True):
                _serve(process, each, frame, path)
                done()
        for process, each in zip(processes, runs, strict=True):
            each.accuracy = _accuracy(process, labelled_frames, done)
    return runs


def _serve(process: VariantProcess, kept: Run, frame: Frame, path: Path) -> None:
    try:
        served = process.timed_answer(request_of(path, process.variant.application))
    except RefusedError as error:
        kept.refused[frame] = str(error)
        return
    kept.answers[frame] = served.body
    kept.milliseconds.append(served.milliseconds)
    kept.processor_milliseconds.append(served.processor_milliseconds)


def _accuracy(process: VariantProcess, frames: Sequence[LabelledFrame], done: Callable[[], None]) -> Accuracy | None:
    variant = process.variant
    return labelled.measure_variant(
        frames, variant, lambda path: process.answer(request_of(path, variant.application)), done=done
    )
