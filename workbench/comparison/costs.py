"""Cost of a million frames with each model, by the prices of the capacity plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.capacity.prices import Price, PriceTable
from workbench.capacity.throughput import InstanceType

_FRAMES = 1_000_000
_SECONDS = 3600

Seconds = Sequence[float | None]
"""Mean time of a frame by model; None where it is not known."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Cost of a million frames on instances that are busy all the time.

    Attributes:
        instance: type of the instances.
        price: of an hour; None where the table has none.
        of_each: cost by model, in their order; None where it is not known.
        because: why it is not known; empty where it is.
    """

    instance: str
    price: Price | None
    of_each: tuple[float | None, ...]
    because: str = ""


def of_processor_time(seconds: Seconds, instances: Sequence[InstanceType], table: PriceTable | None) -> list[Cost]:
    """Scale processor time of this machine to instances, as ``plan`` does: a worker a core, and no core idle."""
    return [_of_instance(seconds, instance, table) for instance in instances]


def of_job_time(seconds: Seconds, instance: str, table: PriceTable | None) -> Cost:
    """Cost by the time that an instance took for a frame, with all of its cores."""
    price = table.instance_hours.get(instance) if table else None
    if price is None:
        return Cost(instance=instance, price=None, of_each=(None,) * len(seconds), because="no price is known")
    hours = [None if each is None else each * _FRAMES / _SECONDS for each in seconds]
    return Cost(instance=instance, price=price, of_each=tuple(None if h is None else price.of(h) for h in hours))


def _of_instance(seconds: Seconds, instance: InstanceType, table: PriceTable | None) -> Cost:
    if instance.gpu:
        price = table.instance_hours.get(instance.name) if table else None
        because = "not measured on a GPU"
        return Cost(instance=instance.name, price=price, of_each=(None,) * len(seconds), because=because)
    shared = [None if each is None else each / instance.workers for each in seconds]
    return of_job_time(shared, instance.name, table)
