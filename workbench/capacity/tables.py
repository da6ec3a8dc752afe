"""The plan for a person, as tables, and for a program, as one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from workbench.capacity.demand import Demand
from workbench.capacity.fleet import Fleet
from workbench.capacity.limits import Limit
from workbench.capacity.prices import Line
from workbench.capacity.simulation import Day
from workbench.capacity.throughput import Throughput
from workbench.capacity.value import Value

SCHEMA_VERSION = 1
_MANY = 100.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that is told.

    Attributes:
        application, model, instance, region: what was asked for.
        function_seconds: how long one invocation of the function takes.
        lines: the bill; without costs when the region has no prices.
        currency: of the bill, or None.
        limits: the one that is met first before the others.
        values: frames for money by type of instance.
        days: simulated days by the name of their series; empty without a simulation.
    """

    application: str
    model: str
    instance: str
    region: str
    demand: Demand
    throughput: Throughput
    fleet: Fleet
    function_seconds: float
    lines: Sequence[Line]
    currency: str | None
    limits: Sequence[Limit]
    values: Sequence[Value]
    days: Mapping[str, Sequence[Day]]

    @property
    def total(self) -> float | None:
        """A month's cost of all parts; None when a part has no price."""
        costs = [line.cost for line in self.lines]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


def document(plan: Plan) -> dict[str, Any]:
    """The plan as ``--json`` prints it; docs/capacity.md says what its keys mean."""
    first = plan.limits[0]
    return {
        "schema_version": SCHEMA_VERSION,
        "application": plan.application,
        "model": plan.model,
        "instance_type": plan.instance,
        "region": plan.region,
        "demand": {
            **asdict(plan.demand),
            "requests_per_second": plan.demand.requests_per_second,
            "requests_a_month": plan.demand.requests_a_month,
        },
        "throughput": asdict(plan.throughput),
        "fleet": {**asdict(plan.fleet), "headroom": plan.fleet.headroom, "function_seconds": plan.function_seconds},
        "cost": {
            "currency": plan.currency,
            "total": plan.total,
            "parts": [
                {
                    "part": line.usage.part,
                    "quantity": line.usage.quantity,
                    "unit": line.usage.unit,
                    "cost": line.cost,
                    "basis": line.price.basis if line.price else None,
                    "as_of": line.price.as_of if line.price else None,
                    "source": line.price.source if line.price else None,
                }
                for line in plan.lines
            ],
        },
        "instance_types": [asdict(value) for value in plan.values],
        "first_limit": {"name": first.name, "share": first.share},
        "limits": [
            {"name": limit.name, "used": limit.used, "share": limit.share, **asdict(limit.quota)}
            for limit in plan.limits
        ],
        "simulation": {name: [asdict(day) for day in days] for name, days in plan.days.items()},
    }


def fleet_table(plan: Plan) -> Table:
    """Instances and headroom."""
    shadows = plan.fleet.shadow_instances
    table = Table(title=f"{plan.demand.cameras} cameras, {plan.application} with {plan.model}", show_header=False)
    for name, value in (
        ("requests a second", f"{plan.demand.requests_per_second:,.4g}"),
        ("one instance manages", f"{plan.throughput.requests_per_second:,.4g} a second ({plan.throughput.kind})"),
        ("instances", f"{plan.fleet.instances} x {plan.instance}{', and one for the shadow' * bool(shadows)}"),
        ("headroom", f"{plan.fleet.headroom:.0%} of their throughput is left"),
        ("endpoint's answer", f"{1000 * plan.fleet.answer_seconds:.0f} ms on average"),
    ):
        table.add_row(name, value)
    return table


def cost_table(plan: Plan) -> Table:
    """The bill."""
    title = f"a month in {plan.region}" + (f", {plan.currency}" if plan.currency else ", quantities alone")
    table = Table(title=title)
    for heading, side in (("part", "left"), ("quantity", "right"), ("unit", "left")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    if plan.currency:
        for heading in ("cost", "price as of", "basis"):
            table.add_column(heading, justify="right" if heading == "cost" else "left")
    for line in plan.lines:
        row = [line.usage.part, f"{line.usage.quantity:,.0f}", line.usage.unit]
        if plan.currency and line.price and line.cost is not None:
            row += [f"{line.cost:,.2f}", line.price.as_of, line.price.basis]
        table.add_row(*row)
    if plan.total is not None:
        table.add_section()
        table.add_row("together", "", "", f"{plan.total:,.2f}")
    return table


def limits_table(plan: Plan) -> Table:
    """Quotas, the one that is met first before the others."""
    table = Table(title="limits, the first to be met on top")
    for heading in ("limit", "used", "of", "unit", "share", "can be raised"):
        table.add_column(heading, justify="right" if heading in ("used", "of", "share") else "left")
    for limit in plan.limits:
        share = f"{limit.share:.1%}" if limit.share < _MANY else f"{limit.share:,.0f} times"
        style = "bold red" if limit.share > 1 else None
        raised = "yes" if limit.quota.adjustable else "no"
        used, value = f"{limit.used:,.0f}", f"{limit.quota.value:,.0f}"
        table.add_row(limit.quota.title, used, value, limit.quota.unit, share, raised, style=style)
    return table


def days_table(name: str, days: Sequence[Day]) -> Table:
    """Simulated days, a row a number of cameras."""
    table = Table(title=f"a simulated day, {name}")
    for heading in ("cameras", "p99 ms", "shed", "instances, mean", "most"):
        table.add_column(heading, justify="right")
    for day in days:
        p99 = f"{1000 * day.p99_seconds:,.0f}"
        table.add_row(f"{day.cameras:,}", p99, f"{day.shed:.2%}", f"{day.instances_mean:,.1f}", str(day.instances_most))
    return table
