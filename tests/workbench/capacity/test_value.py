"""Frames for money, by type of instance."""

from __future__ import annotations

import pytest
from rich.console import Console

from workbench.capacity import prices, value
from workbench.capacity.planned_model import PlannedModel
from workbench.capacity.prices import Price, PriceTable
from workbench.capacity.throughput import InstanceType, Throughput
from workbench.capacity.value import Value


def _table(**hours: float) -> PriceTable:
    priced = {
        name.replace("_", "."): Price(tiers=((None, price),), basis="aws", as_of="2026", source="a test")
        for name, price in hours.items()
    }
    return PriceTable(currency="USD", prices={}, instance_hours=priced)


def _rows(values: list[Value]) -> dict[str, Value]:
    return {row.instance_type: row for row in values}


def test_frames_of_an_hour_over_its_price() -> None:
    rows = _rows(value.of_types(value.of_cores(20), _table(ml_c5_xlarge=0.2, ml_g4dn_xlarge=0.7)))
    assert rows["ml.c5.xlarge"] == Value(
        instance_type="ml.c5.xlarge",
        frames_per_second=80,  # four vCPUs
        price_per_hour=0.2,
        frames_per_currency_unit=1_440_000,  # 80 x 3600 / 0.2
    )
    assert rows["ml.g4dn.xlarge"].frames_per_second is None  # a CPU's rate tells nothing of a GPU
    assert rows["ml.g4dn.xlarge"].frames_per_currency_unit is None
    assert rows["ml.g4dn.xlarge"].price_per_hour == 0.7
    assert (rows["ml.m5.xlarge"].frames_per_second, rows["ml.m5.xlarge"].price_per_hour) == (80, None)


def _printed(values: list[Value], currency: str | None) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(value.table({"yolox_nano": values}, region="us-east-1", currency=currency))
    return captured.get()


def test_a_gpu_that_was_not_measured_says_so_beside_the_cpus() -> None:
    text = _printed(value.of_types(value.of_cores(20), _table(ml_c5_xlarge=0.2, ml_g4dn_xlarge=0.7)), "USD")
    (cpu,) = [line for line in text.splitlines() if "ml.c5.xlarge" in line]
    (gpu,) = [line for line in text.splitlines() if "ml.g4dn.xlarge" in line]
    assert "1,440,000" in cpu
    assert "not measured" in gpu
    assert text.index("ml.m5.2xlarge") < text.index("ml.g4dn.xlarge")


def test_without_prices_there_are_rates_alone() -> None:
    text = _printed(value.of_types(value.of_cores(20), None), None)
    assert "80" in text
    assert "None" not in text
    assert prices.load("eu-nowhere-1") is None


@pytest.mark.parametrize(("kind", "expected"), [("assumed", None), ("given", 500.0), ("measured", 500.0)])
def test_another_networks_figure_is_not_this_ones(kind: str, expected: float | None) -> None:
    model = PlannedModel(application="body-detection", name="yolox_nano", engines=frozenset({"onnxruntime"}))
    known = Throughput(requests_per_second=500, workers=1, kind=kind, source="")
    rate = value.of_model(model, [], {"ml.g4dn.xlarge": known})
    assert rate(InstanceType(name="ml.g4dn.xlarge", cores=4, gpu=True)) == expected
    assert rate(InstanceType(name="ml.c5.xlarge", cores=4, gpu=False)) is None  # nothing was measured
