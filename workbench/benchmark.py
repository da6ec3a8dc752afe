"""Benchmark models side by side: latency by stage, throughput, memory, accuracy, and what each finds."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import os
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from workbench import places, serving_program
from workbench.errors import BenchmarkError
from workbench.export import EXPORTS
from workbench.onnx_compile.command import COMPILED

if TYPE_CHECKING:
    from workbench.benchmarking.labelled import LabelledFrame
    from workbench.benchmarking.process import VariantProcess
    from workbench.benchmarking.request import Request
    from workbench.benchmarking.results import Result, Throughput
    from workbench.benchmarking.variants import Variant
    from workbench.onnx_compile.accuracy import Accuracy

BENCHMARKS = places.OUTPUT / "benchmark"
_ROUNDS = 5  # turns of each number of workers, of which the median counts
_EVERY = 8  # numbers of workers are tried one by one up to here, then doubled
_WORKERS_WARM_UP = 10  # they are forked from a warm process
_WIDTH = 110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="a model of the catalogue, a model folder, or DETECTOR+EMBEDDER; MODEL@ENGINE for one of its engines. The "
        "others are compared with the first",
    )
    parser.add_argument("--frame", type=Path, required=True, help="an image file, sent to every variant in every run")
    parser.add_argument("--engine", action="append", default=[], help="only this engine; may be given several times")
    parser.add_argument("--application", help="what serves them, where a model has files for several applications")
    parser.add_argument("--repeat", type=_from(1), default=200, metavar="N", help="timed runs of each (default: 200)")
    parser.add_argument("--warm-up", type=_from(0), default=100, metavar="N", help="runs before them (default: 100)")
    parser.add_argument("--labels", type=Path, metavar="DIR", help="labelled frames, for the accuracy of detectors")
    parser.add_argument(
        "--workers", type=_from(0), metavar="N", help="throughput with 1 to N (default: the cores); 0 leaves it out"
    )
    parser.add_argument("--threads", type=_from(1), default=1, metavar="N", help="of each engine (default: 1)")
    parser.add_argument(
        "--seconds", type=_seconds, default=5.0, help=f"of each number of workers, in {_ROUNDS} turns (default: 5)"
    )
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
    parser.add_argument(
        "--output", type=Path, default=BENCHMARKS, metavar="DIR", help="for JSON and pictures (default: out/benchmark)"
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document in place of tables")


def _from(least: int) -> Any:
    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of {least} or more")
        return int(text)

    return whole_number


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0")
    return value


@dataclass(frozen=True, kw_only=True)
class _Timed:
    """What one process told: its runs by stage, its peak memory, its answer for the frame, and how right it is."""

    runs: dict[str, list[float]]
    peak_mib: float
    answer: bytes
    accuracy: Accuracy | None


def run(arguments: argparse.Namespace) -> int:
    """Finds the variants, times them in turns, keeps their workers busy in turns, and writes what came of it."""
    serving_program.make_importable()
    from workbench.benchmarking import labelled, machine, request, results, variants

    found = variants.find(
        arguments.models,
        stores=[arguments.store, EXPORTS, COMPILED],
        engines=arguments.engine,
        application=arguments.application,
    )
    application = found[0].application
    if arguments.labels and application == request.COMPARISON:
        raise BenchmarkError("--labels is for detectors, whose boxes are compared; leave it out for a pair")
    sent = request.of(arguments.frame, application)
    frames = labelled.read(arguments.labels) if arguments.labels else []
    _make(arguments.output)
    workers = arguments.workers
    if workers is None:
        workers = max(1, len(os.sched_getaffinity(0)) // arguments.threads)
    about: dict[str, Any] = {"date": datetime.now(UTC).isoformat(timespec="seconds")}
    about |= {"command": _command(arguments, workers), "machine": machine.described()}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Twice a second: drawing takes processor time, too.
    progress = Progress(*columns, console=Console(stderr=True), disable=arguments.json, refresh_per_second=2)
    with progress:
        timed = _latency(found, sent, frames, arguments, progress)
        rates = _throughput(found, sent, _counts(workers), arguments, progress)
    measured = [
        results.Result(
            variant=variant,
            runs=one.runs,
            peak_mib=one.peak_mib,
            throughput=points,
            found=_found(one.answer),
            picture=f"{re.sub(r'[^A-Za-z0-9_.+@-]+', '-', variant.name)}.png",
            accuracy=one.accuracy,
        )
        for variant, one, points in zip(found, timed, rates, strict=True)
    ]
    about |= _about(arguments, frames, application)
    document = results.document(measured, about)
    written = _write(measured, document, arguments)
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        _show(measured, arguments, frames, written, machine.was_busy(about["machine"]))
    return 0


def _latency(
    variants: Sequence[Variant],
    request: Request,
    labelled_frames: Sequence[LabelledFrame],
    arguments: argparse.Namespace,
    progress: Progress,
) -> list[_Timed]:
    """Each variant in a process of its own; one run of each, then the next of each."""
    from workbench.benchmarking import interleaving, labelled, memory, results
    from workbench.benchmarking.request import of

    def accuracy(process: VariantProcess, done: Any) -> Accuracy | None:
        if not labelled_frames:
            return None
        application = process.variant.application
        return labelled.measure(labelled_frames, lambda path: process.answer(of(path, application)), done=done)

    with contextlib.ExitStack() as processes:
        started = _loaded(processes, variants, request, arguments, progress, before_fork=False)
        rounds = arguments.warm_up + arguments.repeat
        step = progress.add_task("running in turns", total=rounds * len(variants))
        kept = interleaving.timed(
            started, warm_up=arguments.warm_up, repeat=arguments.repeat, ran=lambda: progress.advance(step)
        )
        peaks = [memory.peak_mib(process.pids[0]) for process in started]
        if labelled_frames:
            step = progress.add_task("labelled frames", total=len(labelled_frames) * len(variants))
        return [
            _Timed(
                runs=results.by_stage(runs),
                peak_mib=peak,
                answer=process.answer(request),
                accuracy=accuracy(process, lambda: progress.advance(step)),
            )
            for process, runs, peak in zip(started, kept, peaks, strict=True)
        ]


def _throughput(
    variants: Sequence[Variant],
    request: Request,
    counts: Sequence[int],
    arguments: argparse.Namespace,
    progress: Progress,
) -> list[list[Throughput]]:
    """Workers of each variant, forked from a process that has loaded the model as the server's master has."""
    from workbench.benchmarking import interleaving, memory
    from workbench.benchmarking.results import Throughput

    if not counts:
        return [[] for _ in variants]
    with contextlib.ExitStack() as processes:
        started = _loaded(processes, variants, request, arguments, progress, before_fork=True)
        step = progress.add_task("forking workers", total=counts[-1] * len(started))
        memories: list[list[float]] = []
        for process in started:
            together = []
            for _ in range(counts[-1]):
                process.hire(warm_up=min(arguments.warm_up, _WORKERS_WARM_UP))
                together.append(memory.together_mib(process.pids))
                progress.advance(step)
            memories.append(together)
        step = progress.add_task("workers in turns", total=_ROUNDS * len(counts) * len(started))
        busy = interleaving.kept_busy(
            started,
            counts=counts,
            rounds=_ROUNDS,
            seconds=arguments.seconds / _ROUNDS,
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
    arguments: argparse.Namespace,
    progress: Progress,
    *,
    before_fork: bool,
) -> list[VariantProcess]:
    from workbench.benchmarking.process import VariantProcess

    step = progress.add_task("loading", total=len(variants))
    started = []
    for variant in variants:
        process = processes.enter_context(VariantProcess.start(variant, threads=arguments.threads))
        process.load(request, before_fork=before_fork)
        started.append(process)
        progress.advance(step)
    return started


def _counts(most: int) -> list[int]:
    """Numbers of workers: every one up to eight, then doubled, and the most."""
    counts = list(range(1, min(most, _EVERY) + 1))
    while counts and counts[-1] < most:
        counts.append(min(2 * counts[-1], most))
    return counts


def _found(answer: bytes) -> list[tuple[float, list[float]]]:
    """What is drawn: detections that precision and recall would count, or all matches of a comparison."""
    from workbench import report
    from workbench.onnx_compile.accuracy import SURE

    document = json.loads(answer)
    return report.matches(document) if report.is_comparison(document) else report.detections(document, min_score=SURE)


def _about(arguments: argparse.Namespace, frames: Sequence[LabelledFrame], application: str) -> dict[str, Any]:
    from PIL import Image

    from workbench.benchmarking.process import tuning
    from workbench.onnx_compile.accuracy import SAME_OBJECT_IOU, SURE

    body = arguments.frame.read_bytes()
    with Image.open(arguments.frame) as image:
        width, height = image.size
    return {
        "application": application,
        "frame": {
            "name": arguments.frame.name,
            "width": width,
            "height": height,
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        },
        "warm_up": arguments.warm_up,
        "repeat": arguments.repeat,
        "threads": arguments.threads,
        "environment": tuning(arguments.threads),
        "throughput_seconds": arguments.seconds,
        "throughput_rounds": _ROUNDS,
        "labels": {"frames": len(frames), "iou": SAME_OBJECT_IOU, "score_threshold": SURE} if frames else None,
    }


def _command(arguments: argparse.Namespace, workers: int) -> str:
    """The call with every value that counts, defaults too, so that it can be repeated."""
    named = {"--frame": arguments.frame, "--repeat": arguments.repeat, "--warm-up": arguments.warm_up}
    named |= {"--workers": workers, "--threads": arguments.threads, "--seconds": f"{arguments.seconds:g}"}
    named |= {"--labels": arguments.labels, "--application": arguments.application}
    named |= {"--store": arguments.store if arguments.store != places.MODEL_STORE else None}
    options = [word for option, value in named.items() if value is not None for word in (option, str(value))]
    engines = [word for engine in arguments.engine for word in ("--engine", engine)]
    return shlex.join(["python", "-m", "workbench", "benchmark", *arguments.models, *options, *engines])


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchmarkError(
            f"cannot write into {folder}: {error.strerror}; name another folder with --output"
        ) from error


def _write(results: Sequence[Result], document: dict[str, Any], arguments: argparse.Namespace) -> list[Path]:
    """The JSON, the plot, a picture a variant, and all of these side by side."""
    from workbench.annotation import annotate
    from workbench.benchmarking import pictures
    from workbench.benchmarking.plot import plot

    figures, curves, together = (
        arguments.output / name for name in ("benchmark.json", "benchmark.png", "side-by-side.png")
    )
    figures.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    about = document["machine"]
    title = f"{arguments.frame.name}, {arguments.repeat} runs in turns; {about['cores']} cores, {about['processor']}"
    plot(results, title=title, path=curves)
    drawn = []
    for result in results:
        annotate(arguments.frame, result.found, arguments.output / result.picture)
        drawn.append((arguments.output / result.picture, _heading(result, results[0])))
    pictures.side_by_side(drawn, together)
    return [figures, curves, together]


def _heading(result: Result, first: Result) -> list[str]:
    from workbench.benchmarking.results import WHOLE, times_as_fast

    figures = [f"p50 {result.percentiles(WHOLE)['p50']:.1f} ms", f"{times_as_fast(result, first):.2f} x first"]
    figures.append(f"{len(result.found)} found")
    if result.accuracy:
        figures.append(f"recall {result.accuracy.recall:.3f}, precision {result.accuracy.precision:.3f}")
    return [result.variant.name, ", ".join(figures)]


def _show(
    results: Sequence[Result],
    arguments: argparse.Namespace,
    frames: Sequence[LabelledFrame],
    written: Sequence[Path],
    busy: str | None,
) -> None:
    from workbench.benchmarking import tables
    from workbench.onnx_compile.accuracy import SAME_OBJECT_IOU, SURE

    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    console.print(tables.latency_table(results, repeat=arguments.repeat))
    if results[0].throughput:
        console.print(tables.throughput_table(results))
    labels = sum(len(frame.boxes) for frame in frames)
    right = f"{labels} labels in {len(frames)} frames, IoU {SAME_OBJECT_IOU}; " if frames else ""
    console.print(tables.quality_table(results, caption=f"{right}drawn and counted from a score of {SURE}"))
    for path in written:
        console.print(f"{path}", highlight=False, soft_wrap=True)
    if busy:
        console.print(busy, highlight=False)
