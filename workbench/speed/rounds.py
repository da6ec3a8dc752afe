"""Servers under the same load in turns.

Each round measures one right after the other, and every other round the other way round, so that what else happens on
the machine falls on all of them. Each round starts the servers anew, for two starts of one program differ by up to a
twentieth as long as they run.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import BenchError
from workbench.speed import load
from workbench.speed.load import Request
from workbench.speed.servers import Program, Server

CLIENTS = 8
_PING_EVERY = 0.05


@dataclass
class Seen:
    """What one server showed, a value a round.

    Attributes:
        p50: median milliseconds of a request, one client.
        rates: good answers a second, eight clients.
        p99: milliseconds of a request, eight clients.
        ping_p99: milliseconds of ``GET /ping`` while eight other clients send frames.
        processor_alone: milliseconds of processor time a request, one client.
        processor: the same, eight clients.
        memory: MiB of all processes, after the eight clients.
        refused: requests without a good answer.
    """

    p50: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    ping_p99: list[float] = field(default_factory=list)
    processor_alone: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    refused: int = 0


@dataclass
class Case:
    """What is asked of several servers.

    Attributes:
        requests: one to each server, in their order.
        beside: what else takes its turn in every round.
        seen: what each server showed, in their order.
    """

    requests: Sequence[Request]
    beside: Sequence[Callable[[], None]] = ()
    seen: Sequence[Seen] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = [Seen() for _ in self.requests]

    def turns(self, servers: Sequence[Server], seconds: float) -> list[Callable[[], None]]:
        """What measures each of the servers once, and what else takes its turn."""

        def turn(server: Server, request: Request, seen: Seen) -> Callable[[], None]:
            def measured() -> None:
                with _with_reason(server):
                    _measure(server, request, seen, seconds)

            return measured

        turns = [turn(*each) for each in zip(servers, self.requests, self.seen, strict=True)]
        # The first of two servers is next to all that it is compared with, whichever way round.
        return [*reversed(turns), *self.beside]


def in_turns(count: int, *measurements: Callable[[], None]) -> None:
    """Calls all of them ``count`` times, each time in the other order."""
    for number in range(count):
        _one_round(number, measurements)


def measure(programs: Sequence[Program], cases: Sequence[Case], *, rounds: int, seconds: float) -> None:
    """Adds to what is seen in each of the cases.

    Args:
        programs: what is asked, started anew in each round, all at once.
        cases: with a request to each of them.
        rounds: how often each is measured.
        seconds: of each measurement: with one client, with eight, and with eight and pings.

    Raises:
        StartError: one of them does not start.
        BenchError: one of them ended, or gave no good answer.
    """
    for number in range(rounds):
        with _running(programs, cases[0].requests) as servers:
            for case in cases:
                for server, request in zip(servers, case.requests, strict=True):
                    with _with_reason(server):
                        warm(server, request)
                _one_round(number, case.turns(servers, seconds))


@contextmanager
def _with_reason(server: Server) -> Iterator[None]:
    """Lets whoever reads of a failure read the server's own words, too: its log is gone then."""
    try:
        yield
    except (BenchError, OSError) as error:
        said = server.process.failure or f"its log says:\n{server.process.log_tail()}"
        raise BenchError(f"{server.process.name} cannot be measured: {error}; {said}") from error


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
    seen.p99.append(together.milliseconds(99))
    seen.ping_p99.append(pings.milliseconds(99))
    seen.processor.append(1000 * used / len(together.latencies))
    seen.memory.append(server.memory_mib())
    seen.refused += alone.refused + together.refused + watched.refused


def _one_round(number: int, measurements: Sequence[Callable[[], None]]) -> None:
    for one in measurements if number % 2 == 0 else reversed(measurements):
        one()


@contextmanager
def _running(programs: Sequence[Program], first: Sequence[Request]) -> Iterator[list[Server]]:
    """All of them started, each asked once, and stopped in the end."""
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        each = zip(programs, first, strict=True)
        yield [stack.enter_context(program.running(request, logs=logs)) for program, request in each]
