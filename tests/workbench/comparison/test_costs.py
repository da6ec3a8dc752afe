from __future__ import annotations

import pytest

from workbench.capacity.prices import Price, PriceTable
from workbench.capacity.throughput import InstanceType
from workbench.comparison.costs import of_job_time, of_processor_time

PRICE = Price(tiers=((None, 0.36),), basis="aws", as_of="2026-11", source="a page")
TABLE = PriceTable(currency="USD", prices={}, instance_hours={"ml.c5.xlarge": PRICE, "ml.g4dn.xlarge": PRICE})
CPU = InstanceType(name="ml.c5.xlarge", cores=4, gpu=False)
GPU = InstanceType(name="ml.g4dn.xlarge", cores=4, gpu=True)


def test_processor_time_is_shared_by_the_cores() -> None:
    (cost,) = of_processor_time([0.040, 0.080], [CPU], TABLE)
    # 40 ms on one of four cores: a million frames take 10,000 s of the instance.
    assert list(cost.of_each) == pytest.approx([1.0, 2.0])


def test_what_is_not_known_says_why() -> None:
    on_gpu, other = of_processor_time([0.04, 0.08], [GPU, InstanceType(name="ml.x", cores=2, gpu=False)], TABLE)
    assert (on_gpu.of_each, on_gpu.because) == ((None, None), "not measured on a GPU")
    assert (other.of_each, other.because) == ((None, None), "no price is known")
    (without_table,) = of_processor_time([0.04, 0.08], [CPU], None)
    assert without_table.of_each == (None, None)


def test_a_job_has_all_cores_and_may_have_a_gpu() -> None:
    known, unknown = of_job_time([0.01, None], GPU.name, TABLE).of_each
    assert known == pytest.approx(1.0)
    assert unknown is None
