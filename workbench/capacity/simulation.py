"""A day of the fleet, in slices of one metric period.

100,000 cameras send four thousand million frames a day: too many for one event each. But the queue of an instance is
short. It holds 16 requests a worker, which are worked off within seconds where a prediction takes well under half a
second, so within a slice of 10 s it is as if its load had always been what it is now. Each slice therefore has the
distribution of a queue with random arrivals and a bounded number of places (M/M/c/K), and only the number of instances
is carried from slice to slice. Predictions take a constant time, so queues are half as long as random ones: exact for
the mean wait of one worker, an approximation for the rest.
A test compares it with a simulation in which every frame is an event (``tests/workbench/capacity``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.capacity.fleet import TARGET_UTILISATION
from workbench.capacity.load_curve import DAY_SECONDS, DayCurve
from workbench.capacity.queueing import Floats, Integers, late, late_constant, states
from workbench.capacity.scaling import Autoscaler, ScalingPolicy
from workbench.capacity.throughput import Throughput

QUEUE_LIMIT = 16
"""Requests in work or waiting in one worker, ``QUEUE_LIMIT`` of the serving program's ``scheduling.parallelism``."""
QUANTILE = 0.99

_LARGEST_LOAD = 4.0
_LOADS = 2001
_WAITS = 400


@dataclass(frozen=True, kw_only=True)
class Day:
    """Results of one day.

    Attributes:
        cameras: how many.
        p99_seconds: 99 % of the accepted requests were answered by the endpoint within.
        shed: share of all requests that were refused with 503.
        instances_mean, instances_most: instances that served.
        requests: how many were sent.
    """

    cameras: int
    p99_seconds: float
    shed: float
    instances_mean: float
    instances_most: int
    requests: float


class InstanceQueue:
    """One instance at any load: what it sheds, how many requests it holds, how long they wait.

    Requests find a free worker if there is one. In the container each worker has a queue of its own, which is somewhat
    worse under load.
    """

    def __init__(
        self,
        *,
        workers: int,
        service_seconds: float,
        queue_limit: int = QUEUE_LIMIT,
        constant_service: bool = True,
    ) -> None:
        self.workers = workers
        self.service_seconds = service_seconds
        # A queue of constant predictions is half as long as a random one: twice the places, each of half the length.
        self._scale = 0.5 if constant_service else 1.0
        places = workers * queue_limit
        chain = workers + round((places - workers) / self._scale)
        self._utilisations = np.linspace(0, _LARGEST_LOAD, _LOADS)
        probabilities = states(self._utilisations * workers, workers, chain)
        held = np.arange(chain + 1.0)
        self.shed = probabilities[:, -1]
        in_work = np.minimum(held, workers)
        self.concurrency: Floats = probabilities @ (in_work + self._scale * (held - in_work))
        self.waits: Floats = np.concatenate([[0.0], np.geomspace(1e-3, 3 * (chain - workers + 1) / workers, _WAITS)])
        self.late = (late_constant if constant_service else late)(probabilities, self.waits, workers)

    def row(self, rate: Floats) -> Integers:
        """Which row of the tables stands for so many requests a second of one instance."""
        utilisation = rate * self.service_seconds / self.workers
        rows: Integers = np.minimum(np.rint(utilisation / _LARGEST_LOAD * (_LOADS - 1)), _LOADS - 1).astype(np.int64)
        return rows

    def quantile(self, rows: Integers, requests: Floats) -> float:
        """Seconds within which 99 % of the accepted requests were answered, over slices with so many requests each."""
        accepted = np.bincount(rows, weights=requests * (1 - self.shed[rows]), minlength=_LOADS)
        later = accepted @ self.late / accepted.sum()
        within = np.flatnonzero(later <= 1 - QUANTILE)
        index = int(within[0]) if len(within) else len(self.waits) - 1
        return float(self.service_seconds * (1 + self._scale * self.waits[index]))


def day(
    *,
    cameras: int,
    fps: float,
    queue: InstanceQueue,
    policy: ScalingPolicy,
    curve: DayCurve,
    seed: int,
    seconds: float = DAY_SECONDS,
    at_first: int | None = None,
) -> Day:
    """Simulate a day from midnight, with ``at_first`` instances, or as many as midnight needs.

    The same seed gives the same day: its bursts come at the same times whatever the number of cameras.
    """
    generator = np.random.default_rng(seed)
    times = np.arange(0, seconds, policy.metric_seconds)
    rates = cameras * fps * curve.factors(times, generator)  # how many come by chance is in the queue's distribution
    needed = np.ceil(float(rates[0]) * queue.service_seconds / queue.workers / TARGET_UTILISATION)
    scaler = Autoscaler(policy, serving=at_first or int(np.clip(needed, policy.smallest, policy.largest)))
    instances = np.empty(len(times))
    for index, (now, rate) in enumerate(zip(times, rates, strict=True)):
        instances[index] = scaler.serving
        here = queue.row(np.array([rate / scaler.serving]))[0]
        scaler.observe(float(now + policy.metric_seconds), float(queue.concurrency[here]))
    rows = queue.row(rates / instances)
    requests = rates * policy.metric_seconds
    total = float(requests.sum())
    return Day(
        cameras=cameras,
        p99_seconds=queue.quantile(rows, requests),
        shed=float((requests * _shed(queue, rates / instances, rows)).sum() / total) if total else 0.0,
        instances_mean=float(instances.mean()),
        instances_most=int(instances.max()),
        requests=total,
    )


def _shed(queue: InstanceQueue, rate: Floats, rows: Integers) -> Floats:
    """Beyond the tables everything that the workers cannot do is shed."""
    utilisation = rate * queue.service_seconds / queue.workers
    result: Floats = np.where(utilisation > _LARGEST_LOAD, 1 - 1 / np.maximum(utilisation, 1e-12), queue.shed[rows])
    return result


def sweep(
    cameras: Sequence[int],
    *,
    fps: float,
    throughput: Throughput,
    policy: Callable[[int], ScalingPolicy],
    curve: DayCurve,
    seed: int,
    progress: Callable[[], None],
) -> list[Day]:
    """A day for each number of cameras, by the policy for that number; ``progress`` is called after each."""
    queue = InstanceQueue(workers=throughput.workers, service_seconds=throughput.service_seconds)
    days = []
    for count in cameras:
        days.append(day(cameras=count, fps=fps, queue=queue, policy=policy(count), curve=curve, seed=seed))
        progress()
    return days
