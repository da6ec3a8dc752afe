"""Measurements of one batch of messages, written as one line of metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from inference_api.metrics import emf

_COLD_START = {"ColdStart": "Count"}


class BatchTelemetry:
    """The measurements of one batch, each value apart, so that CloudWatch counts samples. ``write`` them once."""

    def __init__(self, *, namespace: str, service: str, function_name: str, is_cold: bool) -> None:
        """Begin to measure.

        Args:
            namespace: CloudWatch's namespace.
            service: the deployment, the dimension of all metrics.
            function_name: the function, a dimension of its cold starts.
            is_cold: true for the first batch of a function's process.
        """
        self._namespace = namespace
        self._names = {"service": service, "function_name": function_name}
        self._is_cold = is_cold
        self._units: dict[str, str] = {}
        self._values: dict[str, list[float]] = {}

    def count(self, metric: str, number: float = 1) -> None:
        """Count one, or several."""
        self._add(metric, "Count", number)

    @contextmanager
    def timed(self, metric: str) -> Iterator[None]:
        """Measure the duration of a block in milliseconds, unless it fails."""
        began = time.perf_counter()
        yield
        self._add(metric, "Milliseconds", (time.perf_counter() - began) * 1000)

    def write(self) -> None:
        """Write the line to the log."""
        sets = [emf.MetricSet([["service"]], self._units)]
        if self._is_cold:
            sets.append(emf.MetricSet([["function_name", "service"]], _COLD_START))
        cold = {"ColdStart": 1} if self._is_cold else {}
        emf.write(self._namespace, sets, {**self._names, **cold, **self._values})

    def _add(self, metric: str, unit: str, value: float) -> None:
        self._units[metric] = unit
        self._values.setdefault(metric, []).append(value)
