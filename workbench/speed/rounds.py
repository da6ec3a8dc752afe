"""Servers under the same load in turns.

Each round measures one right after the other, and every other round the other way round, so that what else happens on
the machine falls on all of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from workbench.speed import load
from workbench.speed.load import Request
from workbench.speed.servers import Server

CLIENTS = 8
_PING_EVERY = 0.05


@dataclass
class Seen:
    """What one server showed, a value a round.

    Attributes:
        p50: median milliseconds of a request, one client.
        rates: good answers a second, eight clients.
        ping_p99: milliseconds of ``GET /ping`` while eight other clients send frames.
        processor_alone: milliseconds of processor time a request, one client.
        processor: the same, eight clients.
        memory: MiB of all processes, after the eight clients.
        refused: requests without a good answer.
    """

    p50: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    ping_p99: list[float] = field(default_factory=list)
    processor_alone: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    refused: int = 0


def in_turns(count: int, *measurements: Callable[[], None]) -> None:
    """Calls all of them ``count`` times, each time in the other order."""
    for number in range(count):
        for measure in measurements if number % 2 == 0 else reversed(measurements):
            measure()


def measured(
    servers: Sequence[tuple[Server, Request]], *, rounds: int, seconds: float, beside: Sequence[Callable[[], None]] = ()
) -> list[Seen]:
    """What each of the servers shows under its request.

    Args:
        servers: each with what is sent to it.
        rounds: how often each is measured.
        seconds: of each measurement: with one client, with eight, and with eight and pings.
        beside: what else takes its turn in every round.
    """
    seen = [Seen() for _ in servers]

    def measure(number: int) -> Callable[[], None]:
        server, request = servers[number]
        return lambda: _measure(server, request, seen[number], seconds)

    for server, request in servers:
        warm(server, request)
    in_turns(rounds, *(measure(number) for number in range(len(servers))), *beside)
    return seen


def warm(server: Server, request: Request, *, seconds: float = 2.0) -> None:
    """Lets every worker answer."""
    load.run(server.address, request, clients=CLIENTS, seconds=seconds)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, tuple[float, ...]]:
    """The median over the rounds of ours / theirs, and each round's."""
    each = tuple(mine / other for mine, other in zip(ours, theirs, strict=True))
    return statistics.median(each), each


def _measure(server: Server, request: Request, seen: Seen, seconds: float) -> None:
    idle = server.processor_seconds()
    alone, _ = load.run(server.address, request, clients=1, seconds=seconds)
    before = server.processor_seconds()
    together, _ = load.run(server.address, request, clients=CLIENTS, seconds=seconds)
    used = server.processor_seconds() - before
    watched, pings = load.run(server.address, request, clients=CLIENTS, seconds=seconds, ping_every=_PING_EVERY)
    seen.p50.append(alone.milliseconds(50))
    seen.processor_alone.append(1000 * (before - idle) / len(alone.latencies))
    seen.rates.append(together.rate)
    seen.ping_p99.append(pings.milliseconds(99))
    seen.processor.append(1000 * used / len(together.latencies))
    seen.memory.append(server.memory_mib())
    seen.refused += alone.refused + together.refused + watched.refused
