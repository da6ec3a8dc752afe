"""Comparison of the simulations with theory, and with each other."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workbench.capacity.event_simulation import EventSimulation
from workbench.capacity.load_curve import DayCurve
from workbench.capacity.queueing import mean_wait
from workbench.capacity.scaling import ScalingPolicy
from workbench.capacity.simulation import Day, InstanceQueue, day, sweep
from workbench.capacity.throughput import Throughput

FLAT = DayCurve(night_share=1.0, bursts_a_day=0.0)


@pytest.mark.parametrize(
    ("workers", "rate", "constant", "tolerance"),
    [(1, 7.0, False, 0.1), (4, 30.0, False, 0.1), (1, 7.0, True, 0.1), (4, 30.0, True, 0.15)],
)
def test_events_wait_as_theory_says(workers: int, rate: float, constant: bool, tolerance: float) -> None:
    """Wait of M/M/c by Erlang's C, and of M/D/c by half of it, with service times of 0.1 s."""
    simulation = EventSimulation(
        instances=1, workers=workers, service_seconds=0.1, queue_limit=1000, constant_service=constant, seed=1
    )
    simulation.random_arrivals(rate)
    outcome = simulation.run(6000)
    assert outcome.mean_wait == pytest.approx(mean_wait(rate, 0.1, workers, constant_service=constant), rel=tolerance)
    assert outcome.shed == 0


@pytest.mark.parametrize(("workers", "cameras"), [(1, 60), (1, 80), (1, 95), (1, 150), (4, 300)])
def test_slices_agree_with_events(workers: int, cameras: int) -> None:
    """Five instances of 10 frames a second and worker, at a utilisation of 60, 80, 95, 150 and 75 %."""
    simulation = EventSimulation(instances=5, workers=workers, service_seconds=0.1, seed=2)
    for _ in range(cameras):
        simulation.camera(0.5)
    events = simulation.run(400)
    slices = day(
        cameras=cameras,
        fps=0.5,
        queue=InstanceQueue(workers=workers, service_seconds=0.1),
        policy=ScalingPolicy(smallest=5, largest=5),
        curve=FLAT,
        seed=2,
        seconds=400,
    )
    assert slices.requests == pytest.approx(len(events.answers) + events.refused, rel=0.02)
    assert slices.shed == pytest.approx(events.shed, abs=0.01)
    assert slices.p99_seconds == pytest.approx(events.p99_seconds, rel=0.2)


def test_slices_agree_with_events_while_the_fleet_grows() -> None:
    policy = ScalingPolicy(largest=6, start_seconds=120)
    simulation = EventSimulation(instances=1, workers=1, service_seconds=0.1, seed=3)
    for _ in range(60):
        simulation.camera(0.5)
    simulation.scaled_by(policy)
    events = simulation.run(900)
    slices = day(
        cameras=60,
        fps=0.5,
        queue=InstanceQueue(workers=1, service_seconds=0.1),
        policy=policy,
        curve=FLAT,
        seed=3,
        seconds=900,
        at_first=1,
    )
    assert simulation.serving == slices.instances_most > 1
    assert events.shed > 0.2
    assert slices.shed == pytest.approx(events.shed, abs=0.03)


def test_overload_sheds_all_that_the_workers_cannot_do() -> None:
    queue = InstanceQueue(workers=1, service_seconds=0.1)
    crowded = day(
        cameras=10_000, fps=0.5, queue=queue, policy=ScalingPolicy(largest=1), curve=FLAT, seed=1, seconds=600
    )
    assert crowded.shed == pytest.approx(1 - 10 / 5000, abs=1e-3)
    assert crowded.p99_seconds == pytest.approx(1.6, rel=0.1)  # sixteen places of 0.1 s


def _sweep(seed: int) -> list[Day]:
    each = Throughput(requests_per_second=40, workers=4, kind="given", source="a test")
    steps: list[None] = []
    days = sweep(
        (100, 1000, 100_000),
        fps=0.5,
        throughput=each,
        policy=lambda _: ScalingPolicy(),
        curve=DayCurve(),
        seed=seed,
        progress=lambda: steps.append(None),
    )
    assert len(steps) == 3
    return days


def test_a_seed_gives_the_same_day_and_another_seed_another() -> None:
    assert _sweep(1) == _sweep(1)
    assert _sweep(1) != _sweep(2)


def test_a_fleet_of_20_cannot_serve_100_000_cameras() -> None:
    few, _, many = _sweep(1)
    assert few.shed < 0.05
    assert many.shed > 0.9
    assert many.instances_most == 20


def test_the_curve_has_its_peak_at_14_h_and_its_night_at_2_h() -> None:
    times = np.array([7200.0, 50_400.0])
    quiet = DayCurve(night_share=0.3, bursts_a_day=0.0).factors(times, np.random.default_rng(1))
    assert quiet == pytest.approx([0.3, 1.0])
    all_day = DayCurve(bursts_a_day=50.0, burst_seconds=1e6, burst_factor=2.0)
    assert all_day.factors(np.array([86_399.0]), np.random.default_rng(1))[0] > 2**10
