"""Simulation of every frame as an event, in simpy.

It is slow and takes no shortcuts, so that :mod:`workbench.capacity.simulation` can be checked against it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import simpy

from workbench.capacity.scaling import Autoscaler, ScalingPolicy
from workbench.capacity.simulation import QUANTILE, QUEUE_LIMIT
from workbench.measuring.percentiles import percentile

_JITTER = 0.1

Factor = Callable[[float], float]
"""Load of a camera at a time in seconds, as a multiple of its rate."""


@dataclass
class Outcome:
    """Waiting and response times of the frames in seconds, and the number of refused ones."""

    waits: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def shed(self) -> float:
        """Share of refused frames."""
        return self.refused / max(1, self.refused + len(self.answers))

    @property
    def mean_wait(self) -> float:
        """Mean wait for a free worker, in seconds."""
        return sum(self.waits) / max(1, len(self.waits))

    @property
    def p99_seconds(self) -> float:
        """99th percentile of the accepted frames' response times, in seconds."""
        return percentile(self.answers, 100 * QUANTILE) if self.answers else 0.0


class EventSimulation:
    """Instances with workers and a bounded number of places, with frames of periodic cameras or at random.

    Attributes:
        outcome: results of the frames so far.
        serving: number of instances in service.
    """

    def __init__(
        self,
        *,
        instances: int,
        workers: int,
        service_seconds: float,
        queue_limit: int = QUEUE_LIMIT,
        constant_service: bool = True,
        seed: int,
    ) -> None:
        self.outcome = Outcome()
        self.serving = instances
        self._workers, self._places = workers, workers * queue_limit
        self._service_seconds, self._constant = service_seconds, constant_service
        self._random = random.Random(seed)
        self._environment = simpy.Environment()
        self._instances: list[simpy.Resource] = []

    def camera(self, fps: float, factor: Factor = lambda _: 1.0) -> None:
        """Adds a camera with a frame every 1/fps seconds, plus or minus a tenth, from a random moment on."""
        self._environment.process(self._periodic(fps, factor))

    def random_arrivals(self, rate: float) -> None:
        """Adds frames with random arrivals, ``rate`` a second."""
        self._environment.process(self._poisson(rate))

    def scaled_by(self, policy: ScalingPolicy) -> None:
        """Scale the number of instances by target tracking."""
        self._environment.process(self._scale(Autoscaler(policy, serving=self.serving)))

    def run(self, seconds: float) -> Outcome:
        """Run for the given number of seconds."""
        self._environment.run(until=self._environment.now + seconds)
        return self.outcome

    def _periodic(self, fps: float, factor: Factor) -> Generator[simpy.Event, None, None]:
        yield self._environment.timeout(self._random.uniform(0, 1 / fps))
        while True:
            self._environment.process(self._frame())
            jitter = self._random.uniform(1 - _JITTER, 1 + _JITTER)
            yield self._environment.timeout(jitter / (fps * factor(self._environment.now)))

    def _poisson(self, rate: float) -> Generator[simpy.Event, None, None]:
        while True:
            yield self._environment.timeout(self._random.expovariate(rate))
            self._environment.process(self._frame())

    def _frame(self) -> Generator[simpy.Event, None, None]:
        while len(self._instances) < self.serving:
            self._instances.append(simpy.Resource(self._environment, capacity=self._workers))
        instance = self._instances[self._random.randrange(self.serving)]
        if instance.count + len(instance.queue) >= self._places:
            self.outcome.refused += 1
            return
        came = self._environment.now
        with instance.request() as turn:
            yield turn
            self.outcome.waits.append(self._environment.now - came)
            mean = self._service_seconds
            yield self._environment.timeout(mean if self._constant else self._random.expovariate(1 / mean))
        self.outcome.answers.append(self._environment.now - came)

    def _scale(self, scaler: Autoscaler) -> Generator[simpy.Event, None, None]:
        samples = 10
        while True:
            held = 0.0
            for _ in range(samples):
                yield self._environment.timeout(scaler.policy.metric_seconds / samples)
                used = self._instances[: self.serving]
                held += sum(each.count + len(each.queue) for each in used) / self.serving / samples
            scaler.observe(self._environment.now, held)
            self.serving = scaler.serving
