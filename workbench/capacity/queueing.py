"""Waiting, by the book: L. Kleinrock, Queueing Systems, volume 1 (1975), chapters 3 and 5.

``servers`` predict at once, each takes ``service_seconds`` on average, requests arrive at random ``rate`` a second.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def waiting_probability(rate: float, service_seconds: float, servers: int) -> float:
    """Erlang's C: the share of requests that must wait, with a queue without end. 1 when it would only grow."""
    offered = rate * service_seconds
    if offered >= servers:
        return 1.0
    blocked = 1.0  # Erlang's B by its recursion, which does not overflow
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    utilisation = offered / servers
    return blocked / (1 - utilisation * (1 - blocked))


def mean_wait(rate: float, service_seconds: float, servers: int, *, constant_service: bool = True) -> float:
    """Mean seconds in the queue, of all requests; infinite when the queue would only grow.

    M/M/c by Erlang's C. Constant service (M/D/c) waits half as long: exact for one server (Pollaczek-Khinchine), and
    the usual approximation for several.
    """
    spare = servers / service_seconds - rate
    if spare <= 0:
        return float("inf")
    wait = waiting_probability(rate, service_seconds, servers) / spare
    return wait / 2 if constant_service else wait


def states(offered: Floats, servers: int, places: int) -> Floats:
    """Probability that 0 to ``places`` requests are in work or waiting (M/M/c/K), one row an offered load.

    ``offered`` is rate times service time, shape (n,). The result has the shape (n, places + 1). What finds all places
    taken is refused, so the last column is the share that is shed.
    """
    busy = np.minimum(np.arange(1, places + 1), servers)
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(offered, 1e-12))[:, None] - np.log(busy)[None, :]
    weights = np.concatenate([np.zeros((len(offered), 1)), np.cumsum(logs, axis=1)], axis=1)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    result: Floats = weights / weights.sum(axis=1, keepdims=True)
    return result


def late(probabilities: Floats, waits: Floats, servers: int) -> Floats:
    """The share of accepted requests that wait longer than each of ``waits``; shape (n, len(waits)).

    ``waits`` counts in mean service times. A request that finds ``servers + k`` others waits for ``k + 1`` of them to
    leave, which happens at random with rate ``servers``: the tail of an Erlang distribution.
    """
    accepted = probabilities[:, :-1] / np.maximum(1 - probabilities[:, -1:], 1e-12)
    finding = accepted[:, servers:]
    steps = finding.shape[1]
    if steps == 0:
        return np.zeros((len(probabilities), len(waits)))
    mean = servers * waits
    counts = np.arange(steps)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(counts[1:], 1)))])
    with np.errstate(divide="ignore"):
        terms = np.exp(counts[:, None] * np.log(np.maximum(mean, 1e-12))[None, :] - mean[None, :] - factorials[:, None])
    result: Floats = np.minimum(finding @ np.cumsum(terms, axis=0), 1.0)
    return result


def late_constant(probabilities: Floats, waits: Floats, servers: int) -> Floats:
    """As :func:`late`, when every prediction takes the same time: ``k + 1`` leave after ``(k + 1) / servers``."""
    accepted = probabilities[:, :-1] / np.maximum(1 - probabilities[:, -1:], 1e-12)
    finding = accepted[:, servers:]
    longer = (np.arange(1, finding.shape[1] + 1) / servers)[:, None] > waits[None, :] + 1e-9
    result: Floats = np.minimum(finding @ longer, 1.0)
    return result
