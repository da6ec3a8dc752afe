"""Requests a second of one instance: measured, scaled from a measurement, given, or assumed. It always says which.

``throughput.json`` is what :mod:`workbench.capacity.measurement` writes::

    {"measurements": [{
        "application": "body-detection", "model": "yolox_nano", "instance_type": null,
        "machine": {"processor": "...", "cores": 2, "load_before": 0.4},
        "frame": {"name": "astronaut", "width": 512, "height": 512, "bytes": 60000},
        "clients": 4, "seconds": 10.0, "requests": 400, "failed": 0,
        "requests_per_second": 40.0, "milliseconds_per_frame": 45.0,
        "p50_ms": 95.0, "p99_ms": 160.0, "date": "2026-11-21", "command": "ipc-ai plan ...",
        "engines": ["onnxruntime"]}]}

``engines`` are those of the model's parts, and may be left out for a model of the catalogue.
``instance_type`` is null for a machine that is none of SageMaker's. ``milliseconds_per_frame`` is the processor time of
the serving program for each request: what a worker needs that has a core for itself, whatever else runs on the machine.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ipc_ai_catalogue import nearest
from workbench.errors import PlanError

MEASUREMENTS = Path(__file__).with_name("throughput.json")
INSTANCES = Path(__file__).with_name("instances.json")
ASSUMED = "assumed"


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """An instance type of the endpoint: its processor cores (vCPUs) and whether it has a GPU."""

    name: str
    cores: int
    gpu: bool

    @property
    def workers(self) -> int:
        """Worker processes of the serving program; each runs one prediction at a time."""
        return 1 if self.gpu else self.cores


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The measured machine: processor, cores, and the load average of one minute before the start."""

    processor: str
    cores: int
    load_before: float


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The frame sent: pixels and bytes."""

    name: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One run of the serving program under closed-loop clients; the module says what the fields are."""

    application: str
    model: str
    instance_type: str | None
    machine: Machine
    frame: Frame
    clients: int
    seconds: float
    requests: int
    failed: int
    requests_per_second: float
    milliseconds_per_frame: float
    p50_ms: float
    p99_ms: float
    date: str
    command: str
    engines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Throughput of one instance.

    Attributes:
        requests_per_second: with all workers busy.
        workers: predictions at once.
        kind: ``measured``, ``scaled``, ``given`` or ``assumed``.
        source: a sentence that says where it comes from.
    """

    requests_per_second: float
    workers: int
    kind: str
    source: str

    @property
    def service_seconds(self) -> float:
        """Seconds of one prediction in one worker."""
        return self.workers / self.requests_per_second


@dataclass(frozen=True, kw_only=True)
class _Assumption:
    applications: tuple[str, ...]
    milliseconds: float
    text: str


# One forward pass alone: no decoding, no HTTP. The share of the GPU image's one worker that it leaves is not known.
_T4 = _Assumption(
    applications=("face-detection", "body-detection"),
    milliseconds=23.39,
    text="ASSUMED, not measured: the forward pass of yolo3_mobilenet1.0 with MXNet on an NVIDIA T4 takes 23.39 ms, as "
    "the published guide of this service says (10.05 ms compiled with SageMaker Neo); give --throughput RPS instead",
)

_MXNET_ON_GPU = (
    "It holds only for a GPU image built with MXNET_CUDA=cu112: without that, MXNet models run on the CPU there, "
    "and slower"
)


def instance_types(path: Path = INSTANCES) -> dict[str, InstanceType]:
    """The instance types whose cores are known, by name; ``deployInstanceType`` takes others, too."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return {name: InstanceType(name=name, **entry) for name, entry in document["types"].items()}


def instance_type(name: str) -> InstanceType:
    """The instance type called ``name``.

    Raises:
        PlanError: its cores are not known.
    """
    known = instance_types()
    if name not in known:
        raise PlanError(
            f"unknown instance type '{name}'{nearest(name, known)}; a stack takes others of SageMaker hosting, but the "
            f"plan knows cores and prices of these: {', '.join(known)}"
        )
    return known[name]


def read(path: Path = MEASUREMENTS) -> list[Measurement]:
    """The measurements of a file; none when there is no file.

    Raises:
        PlanError: the file is not such a file.
    """
    if not path.exists():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["measurements"]
        return [_measurement(entry) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(f"{path} is not a file of measurements: {error}; write one with --measure") from error


def write(measurements: Sequence[Measurement], path: Path = MEASUREMENTS) -> None:
    """Write measurements, a later one of the same model, application and machine in place of an earlier one."""
    latest = {
        (each.application, each.model, each.instance_type, each.machine.processor, each.machine.cores): each
        for each in [*read(path), *measurements]
    }
    document = {"measurements": [asdict(latest[key]) for key in sorted(latest, key=str)]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measurement(entry: dict[str, Any]) -> Measurement:
    machine, frame = Machine(**entry["machine"]), Frame(**entry["frame"])
    return Measurement(**{**entry, "machine": machine, "frame": frame, "engines": tuple(entry.get("engines", ()))})


def estimate(
    *,
    application: str,
    model: str,
    engines: Collection[str],
    instance: InstanceType,
    given: float | None,
    measurements: Sequence[Measurement],
) -> Throughput:
    """Throughput of one instance, from the best source that there is.

    ``engines`` are those of the model's parts: in the GPU image ONNX Runtime alone uses the GPU, unless it is built
    with MXNet for CUDA.

    Raises:
        PlanError: there is none.
    """
    if given is not None:
        return Throughput(
            requests_per_second=given,
            workers=instance.workers,
            kind="given",
            source=f"given: --throughput {given:g}",
        )
    mine = [each for each in measurements if (each.application, each.model) == (application, model)]
    for each in mine:
        if each.instance_type == instance.name:
            return Throughput(
                requests_per_second=each.requests_per_second,
                workers=instance.workers,
                kind="measured",
                source=f"measured on {instance.name} on {each.date}",
            )
    newest = max(mine, key=lambda each: each.date, default=None)
    if instance.gpu and ("onnxruntime" in engines or (newest is None and "mxnet" in engines)):
        if application not in _T4.applications:
            raise PlanError(
                f"{application} was never measured on a GPU, and there is no published figure; give --throughput RPS "
                f"of one {instance.name}"
            )
        source = f"{_T4.text}. {_MXNET_ON_GPU}" if "mxnet" in engines else _T4.text
        return Throughput(requests_per_second=1000 / _T4.milliseconds, workers=1, kind=ASSUMED, source=source)
    if newest is None:
        measured = sorted({each.model for each in measurements if each.application == application})
        raise PlanError(
            f"{model} was never measured; give --throughput RPS of one {instance.name}, measure it with --measure, or "
            f"choose a --model that was: {', '.join(measured) or 'there is none'}"
        )
    took = f"a frame took {newest.milliseconds_per_frame:g} ms of processor time on {newest.date}"
    where = f"{newest.machine.cores} cores of {newest.machine.processor}, where {took}"
    to = "the one worker of the GPU image, on the CPU" if instance.gpu else f"{instance.cores} vCPUs"
    return Throughput(
        requests_per_second=1000 / newest.milliseconds_per_frame * instance.workers,
        workers=instance.workers,
        kind="scaled",
        source=f"ESTIMATED: scaled from {where}, to {to} of {instance.name}",
    )
