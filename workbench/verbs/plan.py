"""Say how many instances a fleet of cameras needs, what a month costs, and which limit is met first."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ipc_ai_catalogue import CUSTOM
from workbench import places, typed, writable
from workbench.capacity import arguments as plan_arguments
from workbench.capacity import fleet, limits, planned_model, prices, tables, throughput, value
from workbench.capacity.demand import Demand
from workbench.capacity.load_curve import DayCurve
from workbench.capacity.planned_model import PlannedModel
from workbench.capacity.scaling import ScalingPolicy
from workbench.capacity.simulation import Day, sweep
from workbench.capacity.throughput import InstanceType, Measurement, Throughput
from workbench.errors import PlanError
from workbench.packing import named_models
from workbench.recognition import plain_words
from workbench.recognition.recogniser import Recogniser

_SWEEP = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
_WITHOUT_LIMIT = 1_000_000
_WIDTH = 100
_MOST_DAYS = 36_500
_MOST_OVERHEAD_MS = 29_000  # the function's timeout
_LEAST_RPS, _MOST_RPS = 0.001, 1_000_000
_MOST_CLIENTS, _MOST_SECONDS = 1000, 86_400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    plan_arguments.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Plans, or measures for later plans."""
    words = [arguments.model] if arguments.model and arguments.application != CUSTOM else []
    measurements = [] if arguments.measure else throughput.read(arguments.measurements)
    recogniser = Recogniser()
    with named_models.as_folders(words, stores=[arguments.store], recogniser=recogniser) as found:
        plain_words.tell(recogniser.found)
        model = planned_model.chosen(found.get(arguments.model, arguments.model), arguments.application, measurements)
        return _measure(model, arguments) if arguments.measure else _planned(model, measurements, arguments)


def _planned(model: PlannedModel, measurements: Sequence[Measurement], arguments: argparse.Namespace) -> int:
    instance = throughput.instance_type(arguments.instance)
    if arguments.throughput is not None and not _LEAST_RPS <= arguments.throughput <= _MOST_RPS:
        raise PlanError(
            f"--throughput is {arguments.throughput:g}; write how many requests a second one instance manages, "
            f"from {_LEAST_RPS} to {_MOST_RPS:,}"
        )
    each = throughput.estimate(
        application=model.application,
        model=model.name,
        engines=model.engines,
        instance=instance,
        given=arguments.throughput,
        measurements=measurements,
    )
    plan = _plan(arguments, model, measurements, instance=instance, each=each)
    if arguments.output:
        from workbench.capacity.plot import plot, require_format

        require_format(arguments.output)
        writable.require_file(arguments.output)
    if arguments.simulate or arguments.output:
        plan = dataclasses.replace(plan, days=_simulate(arguments, each))
    if arguments.output:
        served = f"{model.application} with {model.name} on {instance.name}"
        title = f"{served}\n{arguments.fps:g} frames/s a camera; {each.kind}"
        plot(plan.days, title=title, path=arguments.output)
    if arguments.json:
        print(json.dumps(tables.document(plan), indent=2))
    else:
        _show(plan, arguments.output)
    return 0


def _plan(
    arguments: argparse.Namespace,
    model: PlannedModel,
    measurements: Sequence[Measurement],
    *,
    instance: InstanceType,
    each: Throughput,
) -> tables.Plan:
    demand = Demand(
        cameras=arguments.cameras,
        fps=arguments.fps,
        frame_kb=arguments.frame_kb,
        hours_per_day=arguments.hours_per_day,
    )
    if arguments.registry and arguments.ingest:
        raise PlanError("--registry is of cameras that call the API, and --ingest of those that upload; choose one")
    if not 0 <= arguments.retention_days <= _MOST_DAYS:
        raise PlanError(f"--retention-days is {arguments.retention_days}; write a number from 0 to {_MOST_DAYS}")
    if not 0 <= arguments.overhead_ms <= _MOST_OVERHEAD_MS:
        raise PlanError(f"--overhead-ms is {arguments.overhead_ms:g}; write a number from 0 to {_MOST_OVERHEAD_MS}")
    planned = fleet.plan(demand, each, has_shadow=arguments.shadow)
    function_seconds = planned.answer_seconds + arguments.overhead_ms / 1000
    table = prices.load(arguments.region, arguments.prices)
    counted = prices.usages(
        demand,
        planned,
        instance=instance.name,
        function_seconds=function_seconds,
        save_events=arguments.save_events,
        retention_days=arguments.retention_days,
        ingest=arguments.ingest,
        registry=arguments.registry,
    )
    return tables.Plan(
        application=model.application,
        model=model.name,
        instance=instance.name,
        region=arguments.region,
        demand=demand,
        throughput=each,
        fleet=planned,
        function_seconds=function_seconds,
        lines=prices.bill(counted, table),
        currency=table.currency if table else None,
        limits=limits.limits(
            demand,
            planned,
            function_seconds=function_seconds,
            key_per_camera=arguments.key_per_camera,
            ingest=arguments.ingest,
        ),
        values=value.of_types(value.of_model(model, measurements, {instance.name: each}), table),
        days={},
    )


def _simulate(arguments: argparse.Namespace, each: Throughput) -> Mapping[str, Sequence[Day]]:
    """Simulate a day for each number of cameras: scaled within the stack's limit, without a limit, and not scaled."""
    if arguments.target < 1:
        raise PlanError(f"--target is {arguments.target:g}; write 1 or more")
    scaled = ScalingPolicy(target=arguments.target)
    boundless = dataclasses.replace(scaled, largest=_WITHOUT_LIMIT)

    def always_on(cameras: int) -> ScalingPolicy:
        instances = fleet.plan(Demand(cameras=cameras, fps=arguments.fps), each).instances
        return dataclasses.replace(scaled, smallest=instances, largest=instances)

    policies: dict[str, Callable[[int], ScalingPolicy]] = {
        "scaled, at most 20 instances": lambda _: scaled,
        "scaled without a limit": lambda _: boundless,
        "the plan's instances, always on": always_on,
    }
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("days", total=len(policies) * len(_SWEEP))
        return {
            name: sweep(
                _SWEEP,
                fps=arguments.fps,
                throughput=each,
                policy=policy,
                curve=DayCurve(),
                seed=arguments.seed,
                progress=functools.partial(progress.advance, task),
            )
            for name, policy in policies.items()
        }


def _show(plan: tables.Plan, picture: Path | None) -> None:
    # Wide enough for the tables, also in a pipe.
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    console.print(tables.fleet_table(plan))
    console.print(plan.throughput.source, highlight=False)
    console.print(tables.cost_table(plan))
    if plan.currency is None:
        console.print(
            f"no price is known for {plan.region}: quantities alone; give a price table of it with --prices FILE",
            highlight=False,
        )
    console.print(value.table({plan.model: plan.values}, region=plan.region, currency=plan.currency))
    console.print(tables.limits_table(plan))
    first = plan.limits[0]
    cameras = first.met_at(plan.demand.cameras)
    verb = "is exceeded" if first.share > 1 else "is met first"
    where = f"from about {cameras:,} cameras on" if cameras is not None else "whatever the number of cameras"
    console.print(
        f"first limit: {first.quota.title} {verb}, {where} ({first.quota.source}, {first.quota.as_of})",
        highlight=False,
    )
    for note in limits.notes():
        console.print(f"- {note}", highlight=False)
    for name, days in plan.days.items():
        console.print(tables.days_table(name, days))
    if picture:
        console.print(f"picture: {picture}", highlight=False, soft_wrap=True)


def _measure(model: PlannedModel, arguments: argparse.Namespace) -> int:
    from workbench.capacity.measurement import measure

    if not 1 <= arguments.clients <= _MOST_CLIENTS or not 0 < arguments.seconds <= _MOST_SECONDS:
        raise PlanError(f"--clients and --seconds must be above 0, up to {_MOST_CLIENTS} and {_MOST_SECONDS}")
    frame = arguments.frame or places.photograph()
    given = f" --frame {frame.name}" if arguments.frame else ""
    name = f"--application {model.application} --model {arguments.model or model.name}"
    call = f"{name} --clients {arguments.clients} --seconds {arguments.seconds:g}"
    status = Console(stderr=True).status(f"measuring {model.name} for {arguments.seconds:g} s")
    with status, tempfile.TemporaryDirectory(prefix="ipc-store-") as store:
        model.link_into(Path(store), arguments.store)
        found = measure(
            application=model.application,
            model=model.name,
            engines=model.engines,
            frame=frame,
            clients=arguments.clients,
            seconds=arguments.seconds,
            model_store=Path(store),
            command=f"{typed.NAME} plan --measure {call}{given}",
        )
    throughput.write([found], arguments.measurements)
    print(
        f"{found.requests_per_second:g} requests a second, {found.milliseconds_per_frame:g} ms of processor time each, "
        f"p99 {found.p99_ms:g} ms, {found.failed} failed; {found.machine.cores} cores of {found.machine.processor}"
    )
    print(f"written to {arguments.measurements}")
    return 0
