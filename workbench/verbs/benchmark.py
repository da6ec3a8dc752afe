"""Benchmark models side by side: latency by stage, throughput, memory, accuracy, and what each finds."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ipc_ai_catalogue import FACE_COMPARISON, IMAGE_CLASSIFICATION
from workbench import places, regions, serving_program
from workbench.capacity import prices, value
from workbench.compilers.onnx.command import COMPILED
from workbench.errors import BenchmarkError
from workbench.number_arguments import whole_number
from workbench.packing import named_models
from workbench.recognition import plain_words
from workbench.recognition import recogniser as recognition
from workbench.recognition.recogniser import Recogniser
from workbench.verbs.export import EXPORTS

if TYPE_CHECKING:
    from workbench.benchmarking.labelled import LabelledFrame
    from workbench.benchmarking.results import Result
    from workbench.benchmarking.session import Schedule
    from workbench.benchmarking.variants import Variant
    from workbench.capacity.prices import PriceTable
    from workbench.capacity.value import Value
    from workbench.recognition.recognised import Recognised

BENCHMARKS = places.OUTPUT / "benchmark"
_WIDTH = 110
_REGION = "us-east-1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="a model of the catalogue, a model folder, a packed model, or DETECTOR+EMBEDDER; MODEL@ENGINE for one of "
        "its engines. The others are compared with the first",
    )
    parser.add_argument("--frame", type=Path, required=True, help="an image file, sent to every variant in every run")
    parser.add_argument("--engine", action="append", default=[], help="only this engine; may be given several times")
    parser.add_argument("--application", help="what serves them, where a model has files for several applications")
    recognition.add_arguments(parser)
    parser.add_argument(
        "--repeat", type=whole_number(1), default=200, metavar="N", help="timed runs of each (default: 200)"
    )
    parser.add_argument(
        "--warm-up", type=whole_number(0), default=100, metavar="N", help="runs before them (default: 100)"
    )
    parser.add_argument("--labels", type=Path, metavar="DIR", help="labelled frames, for the accuracy of detectors")
    parser.add_argument(
        "--workers",
        type=whole_number(0),
        metavar="N",
        help="throughput with 1 to N (default: the cores); 0 leaves it out",
    )
    parser.add_argument("--threads", type=whole_number(1), default=1, metavar="N", help="of each engine (default: 1)")
    parser.add_argument(
        "--seconds", type=_seconds, default=5.0, help="of each number of workers, in five turns (default: 5)"
    )
    parser.add_argument(
        "--region", type=regions.argument, default=_REGION, help=f"region of the prices (default: {_REGION})"
    )
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")
    parser.add_argument(
        "--output", type=Path, default=BENCHMARKS, metavar="DIR", help="for JSON and pictures (default: out/benchmark)"
    )
    parser.add_argument("--json", action="store_true", help="print the JSON document in place of tables")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Find the variants, time them in turns, keep their workers busy in turns, and write the results."""
    serving_program.make_importable()
    from workbench.benchmarking import variants

    stores = [arguments.store, EXPORTS, COMPILED]
    recogniser = Recogniser.of(arguments)
    with named_models.as_folders(arguments.models, stores=stores, recogniser=recogniser) as words:
        found = variants.find(
            [words[word] for word in arguments.models],
            stores=stores,
            engines=arguments.engine,
            application=arguments.application,
        )
        return _measure(found, arguments, recogniser.found)


def _measure(found: Sequence[Variant], arguments: argparse.Namespace, recognised: Sequence[Recognised]) -> int:
    from workbench.benchmarking import files, labelled, record, request, results, session
    from workbench.measuring import machine

    application = found[0].application
    if arguments.labels and application in (FACE_COMPARISON, IMAGE_CLASSIFICATION):
        raise BenchmarkError(f"--labels is for detectors, whose boxes are compared; leave it out for {application}")
    sent = request.of(arguments.frame, application)
    frames = labelled.read(arguments.labels) if arguments.labels else []
    _make(arguments.output)
    plain_words.tell(recognised)
    schedule = _schedule(arguments)
    about: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": record.command(arguments.models, _options(arguments, schedule)),
        "machine": machine.described(),
        "application": application,
        "recognised": [plain_words.document(one) for one in recognised],
    }
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Only twice a second, because drawing takes processor time, too.
    console = Console(stderr=True)
    is_quiet = arguments.json or not console.is_terminal
    progress = Progress(*columns, console=console, disable=is_quiet, refresh_per_second=2)
    with progress:
        timed = session.latency(found, sent, frames, schedule, progress)
        rates = session.throughput(found, sent, schedule, progress)
    measured = [
        results.Result(
            variant=variant,
            runs=one.runs,
            peak_mib=one.peak_mib,
            throughput=points,
            found=files.found(one.answer),
            picture=files.picture_name(variant.name),
            accuracy=one.accuracy,
        )
        for variant, one, points in zip(found, timed, rates, strict=True)
    ]
    table = prices.load(arguments.region)
    values = {one.variant.name: one.values(table) for one in measured}
    about["instance_types"] = {name: [asdict(row) for row in rows] for name, rows in values.items()}
    document = results.document(measured, about | record.about(arguments.frame, frames, schedule))
    written = files.write(measured, document, frame=arguments.frame, folder=arguments.output)
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        _show(measured, arguments, frames, written, values, table, machine.was_busy(about["machine"]))
    return 0


def _schedule(arguments: argparse.Namespace) -> Schedule:
    from workbench.benchmarking.session import Schedule

    workers = arguments.workers
    if workers is None:
        workers = max(1, serving_program.usable_cores() // arguments.threads)
    return Schedule(
        warm_up=arguments.warm_up,
        repeat=arguments.repeat,
        threads=arguments.threads,
        workers=workers,
        seconds=arguments.seconds,
    )


def _options(arguments: argparse.Namespace, schedule: Schedule) -> dict[str, Any]:
    """Values of all options that affect the result, with defaults."""
    return {
        "--frame": arguments.frame,
        "--repeat": schedule.repeat,
        "--warm-up": schedule.warm_up,
        "--workers": schedule.workers,
        "--threads": schedule.threads,
        "--seconds": f"{schedule.seconds:g}",
        "--labels": arguments.labels,
        "--application": arguments.application,
        "--head": arguments.head,
        "--classes": arguments.classes,
        "--engine": arguments.engine,
        "--region": arguments.region if arguments.region != _REGION else None,
        "--store": arguments.store if arguments.store != places.MODEL_STORE else None,
    }


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchmarkError(
            f"cannot write into {folder}: {error.strerror}; name another folder with --output"
        ) from error


def _show(
    results: Sequence[Result],
    arguments: argparse.Namespace,
    frames: Sequence[LabelledFrame],
    written: Sequence[Path],
    values: Mapping[str, Sequence[Value]],
    table: PriceTable | None,
    busy: str | None,
) -> None:
    from workbench.benchmarking import tables
    from workbench.compilers.onnx.accuracy import SAME_OBJECT_IOU, SURE

    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    console.print(tables.latency_table(results, repeat=arguments.repeat))
    if results[0].throughput:
        console.print(tables.throughput_table(results))
        currency = table.currency if table else None
        console.print(value.table(values, region=arguments.region, currency=currency))
    labels = max((result.accuracy.labels for result in results if result.accuracy), default=0)
    right = f"{labels} labels in {len(frames)} frames, IoU {SAME_OBJECT_IOU}; " if labels else ""
    if frames and not labels:
        right = "no label is of these models' classes; "
    console.print(tables.quality_table(results, caption=f"{right}drawn and counted from a score of {SURE}"))
    for path in written:
        console.print(f"{path}", highlight=False, soft_wrap=True)
    if busy:
        console.print(busy, highlight=False)
