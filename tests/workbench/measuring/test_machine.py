from __future__ import annotations

import pytest

from ipc_ai_serving.scheduling import usable_cores
from workbench.measuring import machine


def test_a_machine_is_described_so_that_a_measurement_can_be_repeated() -> None:
    described = machine.described()
    assert described["cores"] >= 1
    assert described["memory_mib"] > 100
    assert described["packages"]["onnxruntime"]
    assert described["processor"]


def test_cores_are_counted_as_the_serving_program_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usable_cores, "count", lambda: 3)
    assert machine.described()["cores"] == 3


def test_other_work_is_told() -> None:
    assert machine.was_busy({"load_before": 0.4, "cores": 4}) is None
    said = machine.was_busy({"load_before": 3.5, "cores": 4})
    assert said is not None
    assert "a load of 3.5 on 4 cores" in said
