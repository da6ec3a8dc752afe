"""Compare a candidate with the current model on stored frames: agreement, time, cost, and where they differ most."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ipc_ai_catalogue import CLASSIFIER, FACE_COMPARISON
from workbench import serving_program, writable
from workbench.capacity import prices, throughput
from workbench.comparison import arguments as comparison_arguments
from workbench.compilers.onnx.command import COMPILED
from workbench.errors import ComparisonError
from workbench.packing import named_models
from workbench.recognition import plain_words
from workbench.recognition.recogniser import Recogniser
from workbench.verbs.export import EXPORTS

if TYPE_CHECKING:
    from workbench.benchmarking.variants import Variant
    from workbench.capacity.prices import PriceTable
    from workbench.comparison.results import Comparison
    from workbench.comparison.session import Ran
    from workbench.comparison.source import Source

_MANY = 5000
_REGION = "us-east-1"  # of the prices, as in a plan
_WIDTH = 110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    comparison_arguments.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Choose frames, have both models answer them, compare the answers, and write what differs."""
    comparison_arguments.check(arguments)
    serving_program.make_importable()
    from workbench.comparison import session
    from workbench.comparison.answers import Reading

    console = Console(stderr=True, quiet=arguments.json)
    words = [arguments.current, arguments.candidate]
    stores = [arguments.store, EXPORTS, COMPILED]
    recogniser = Recogniser.of(arguments)
    named = named_models.as_folders(words, stores=stores, recogniser=recogniser)
    with named as folders, tempfile.TemporaryDirectory() as work:
        pair = _variants([folders[word] for word in words], stores, arguments.application)
        writable.require_folder(arguments.output)
        plain_words.tell(recogniser.found)
        with console.status("looking for frames"):
            source = _source(arguments, Path(work))
        table = prices.load(source.region, arguments.prices)
        if len(source.chosen) > _MANY and not arguments.transform:
            said = f"{len(source.chosen):,} frames are run here one by one; --transform has SageMaker run them"
            console.print(said, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        progress = Progress(*columns, console=console, disable=not console.is_terminal, refresh_per_second=2)
        with progress:
            ran = (_by_sagemaker if arguments.transform else _here)(pair, source, table, arguments, progress)
            read = Reading(pair[0].application, min_confidence=arguments.min_confidence)
            compared = session.compared(ran.runs, read)
            worst = compared.most_different(arguments.pictures)
            step = progress.add_task("drawing", total=len(worst))
            paths = source.fetch(worst, lambda: progress.advance(step))
            names = [variant.name for variant in pair]
            drawn = session.draw(paths, ran.runs, names, read, arguments.output)
    about = _about(arguments, source, pair[0].application)
    comparison = session.told(about, ran, compared, drawn)
    written = session.write(comparison, arguments.output)
    _show(comparison, written, arguments)
    return 0


def _variants(words: Sequence[str], stores: Sequence[Path], application: str | None) -> list[Variant]:
    """Each word's model on the engine that its description names first."""
    from workbench.benchmarking import variants

    found = variants.find(words, stores=stores, application=application)
    of_current = len(variants.find(words[:1], stores=stores, application=application))
    pair = [found[0], found[of_current]]
    if pair[0].application == FACE_COMPARISON:
        raise ComparisonError(
            "pairs for face comparison are not compared, because each of their requests has several frames; compare "
            "their detectors, or measure the pairs with 'benchmark'"
        )
    return pair


def _source(arguments: argparse.Namespace, work: Path) -> Source:
    from workbench.comparison import events, source
    from workbench.deployment.account import Account

    if arguments.frames:
        region = arguments.region or _REGION
        return source.of_folder(arguments.frames, count=arguments.sample, seed=arguments.seed, region=region)
    place = events.place(arguments.events)
    account = Account(profile=arguments.profile, region=arguments.region)
    return source.of_events(place, account, count=arguments.sample, seed=arguments.seed, work=work)


def _here(
    pair: Sequence[Variant], source: Source, table: PriceTable | None, arguments: argparse.Namespace, progress: Progress
) -> Ran:
    from workbench.benchmarking import labelled
    from workbench.comparison import costs, running, session

    labels = labelled.read(arguments.labels) if arguments.labels else []
    if labels and any(variant.parts[0].model.role == CLASSIFIER for variant in pair):
        raise ComparisonError("--labels is for detectors, whose boxes are compared; leave it out for classifiers")
    step = progress.add_task("fetching frames", total=len(source.chosen))
    paths = source.fetch(source.chosen, lambda: progress.advance(step))
    step = progress.add_task("running in turns", total=len(pair) * (len(paths) + len(labels)))
    runs = running.run(pair, paths, labelled_frames=labels, done=lambda: progress.advance(step))
    sides = [session.side(variant, each) for variant, each in zip(pair, runs, strict=True)]
    known = throughput.instance_types()
    instances = [known[arguments.instance]] if arguments.instance else list(known.values())
    return session.Ran(runs, sides, costs.of_processor_time([each.seconds for each in sides], instances, table), table)


def _by_sagemaker(
    pair: Sequence[Variant], source: Source, table: PriceTable | None, arguments: argparse.Namespace, progress: Progress
) -> Ran:
    from workbench.comparison import costs, running, session, transform, transform_container
    from workbench.deployment import model_to_deploy

    account, place = source.account, source.place
    assert account is not None
    assert place is not None
    container = transform_container.of_stack(
        account, arguments.stack, image=arguments.image, instance=arguments.instance
    )
    step = progress.add_task("trying both models here", total=len(pair))
    if first := source.fetch(source.chosen[:1], lambda: None):
        # SageMaker would ping a container whose model does not load for half an hour.
        running.run(pair, first, done=lambda: progress.advance(step))
    ended = transform.run(
        account,
        pair,
        source.chosen,
        place,
        container=container,
        role=arguments.role,
        bucket=arguments.bucket or model_to_deploy.bucket_of_the_cdk(account),
        progress=progress,
    )
    sides = [
        session.side(variant, run, job, instance=container.instance)
        for variant, (run, job) in zip(pair, ended, strict=True)
    ]
    cost = costs.of_job_time([each.seconds for each in sides], container.instance, table)
    return session.Ran([run for run, _ in ended], sides, [cost], table)


def _about(arguments: argparse.Namespace, source: Source, application: str) -> dict[str, Any]:
    from workbench.measuring import machine

    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "application": application,
        "source": {
            "name": source.name,
            "asked": arguments.sample,
            "chosen": len(source.chosen),
            "seed": arguments.seed,
            "region": source.region,
        },
        "min_confidence": arguments.min_confidence,
        "machine": None if arguments.transform else machine.described(),
    }


def _show(comparison: Comparison, written: Sequence[Path], arguments: argparse.Namespace) -> None:
    from workbench.comparison import results, tables
    from workbench.measuring import machine

    if arguments.json:
        print(json.dumps(results.document(comparison), indent=2))
        return
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    for table in tables.tables(comparison):
        console.print(table)
    for line in tables.sentences(comparison):
        console.print(line, highlight=False, markup=False)
    for path in written:
        console.print(str(path), highlight=False, markup=False, soft_wrap=True)
    measured_on = comparison.about["machine"]
    busy = measured_on and machine.was_busy(measured_on)
    if busy:
        console.print(busy, highlight=False)
