"""Frames that instances of each type compute for money, while they are busy all the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from workbench.capacity import throughput
from workbench.capacity.planned_model import PlannedModel
from workbench.capacity.prices import PriceTable
from workbench.capacity.throughput import InstanceType, Measurement, Throughput, instance_types
from workbench.errors import PlanError

_SECONDS_AN_HOUR = 3600
NOT_MEASURED = "not measured"

Rate = Callable[[InstanceType], float | None]
"""Frames a second of one instance of a type; None where nothing was measured that tells."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """Throughput of one type of instance, and its price.

    Attributes:
        instance_type: its name.
        frames_per_second: of one instance; None where it was not measured.
        price_per_hour: in the table's currency; None where none is known.
        frames_per_currency_unit: frames for one dollar, or one yuan; None where one of both is not known.
    """

    instance_type: str
    frames_per_second: float | None
    price_per_hour: float | None
    frames_per_currency_unit: float | None


def of_types(rate: Rate, prices: PriceTable | None) -> list[Value]:
    """Value of every type whose cores are known, those of CPUs first."""
    types = sorted(instance_types().values(), key=lambda each: each.gpu)
    return [_of_type(each, rate(each), prices) for each in types]


def of_cores(frames_per_core: float) -> Rate:
    """Scale to types with a CPU, a worker a core; a GPU's rate does not follow from a CPU's."""
    return lambda instance: None if instance.gpu else frames_per_core * instance.cores


def of_model(model: PlannedModel, measurements: Sequence[Measurement], known: Mapping[str, Throughput]) -> Rate:
    """Estimate as the plan does, but never from another network's figure.

    Args:
        model: the model.
        measurements: all that there are.
        known: throughput that is known already, by type.
    """

    def rate(instance: InstanceType) -> float | None:
        try:
            found = known.get(instance.name) or throughput.estimate(
                application=model.application,
                model=model.name,
                engines=model.engines,
                instance=instance,
                given=None,
                measurements=measurements,
            )
        except PlanError:
            return None
        return None if found.kind == throughput.ASSUMED else found.requests_per_second

    return rate


def _of_type(instance: InstanceType, frames: float | None, prices: PriceTable | None) -> Value:
    hour = prices.instance_hours.get(instance.name) if prices else None
    price = hour.of(1) if hour else None
    return Value(
        instance_type=instance.name,
        frames_per_second=None if frames is None else round(frames, 2),
        price_per_hour=price,
        frames_per_currency_unit=None if frames is None or not price else round(frames * _SECONDS_AN_HOUR / price),
    )


def table(values: Mapping[str, Sequence[Value]], *, region: str, currency: str | None) -> Table:
    """A section a model, a row a type: frames a second, price of an hour, and frames for one unit of money."""
    made = Table(title=f"instances that are busy all the time, {region}")
    several = len(values) > 1
    for heading in [*(["variant"] if several else []), "instance"]:
        made.add_column(heading, overflow="fold")
    money = [f"{currency} an hour", f"frames a {currency}"] if currency else []
    for heading in ("frames/s", *money):
        made.add_column(heading, justify="right", no_wrap=True)
    for name, rows in values.items():
        for number, row in enumerate(rows):
            frames = NOT_MEASURED if row.frames_per_second is None else f"{row.frames_per_second:,.4g}"
            price = "" if row.price_per_hour is None else f"{row.price_per_hour:g}"
            each = "" if row.frames_per_currency_unit is None else f"{row.frames_per_currency_unit:,}"
            first = [name if number == 0 else ""] if several else []
            made.add_row(*first, row.instance_type, frames, *([price, each] if currency else []))
        made.add_section()
    return made
