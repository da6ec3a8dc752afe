"""Servers under the same load in turns.

Each round starts the servers anew, for two starts of one program differ by up to a twentieth as long as they run, and
measures each twice. What is compared is measured one right after the other, every other time the other way round: the
machine may be half as fast for seconds, which is to fall on both or on few of many ratios.
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
_TURNS = 2
"""Measurements of each server between two starts."""

Turn = Callable[[], None]
"""Measures something once."""


@dataclass
class Seen:
    """Measurements of one server, two values a round.

    Attributes:
        p50: median milliseconds of a request, one client.
        rates: good answers a second, eight clients.
        ping_p99: milliseconds of ``GET /ping`` while eight other clients send frames.
        processor: milliseconds of processor time a request, eight clients.
        refused: requests without a good answer.
    """

    p50: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    ping_p99: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    refused: int = 0


@dataclass
class Case:
    """One request to several servers.

    Attributes:
        requests: one to each server, in their order.
        beside: what else takes its turn where eight clients are served.
        seen: what each server showed, in their order.
    """

    requests: Sequence[Request]
    beside: Sequence[Turn] = ()
    seen: Sequence[Seen] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = [Seen() for _ in self.requests]

    def phases(self, servers: Sequence[Server], seconds: float) -> list[list[Turn]]:
        """Turns of three phases: one client, eight clients and all else that takes its turn, and pings.

        Pings are those of the first server alone, for they are not compared.
        """

        def turn(measure: _Measure, server: Server, request: Request, seen: Seen) -> Turn:
            def measured() -> None:
                with _with_reason(server):
                    measure(server, request, seen, seconds)

            return measured

        def turns(measure: _Measure) -> list[Turn]:
            return [turn(measure, *one) for one in zip(servers, self.requests, self.seen, strict=True)]

        return [
            _around_the_first(turns(_one_client)),
            _around_the_first(turns(_eight_clients), self.beside),
            turns(_eight_clients_and_pings)[:1],
        ]


def in_turns(count: int, *measurements: Turn) -> None:
    """Call all of them ``count`` times, each time in the other order."""
    for number in range(count):
        _one_round(number, measurements)


def measure(programs: Sequence[Program], cases: Sequence[Case], *, rounds: int, seconds: float) -> None:
    """Add to what is seen in each of the cases.

    Args:
        programs: what is asked, started anew in each round, all at once.
        cases: with a request to each of them.
        rounds: how often each is started; it is measured twice as often.
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
                for turn in range(_TURNS):
                    for phase in case.phases(servers, seconds):
                        _one_round(number + turn, phase)


@contextmanager
def _with_reason(server: Server) -> Iterator[None]:
    """Add the server's own words to a failure, for its log is gone when the failure is read."""
    try:
        yield
    except (BenchError, OSError) as error:
        said = server.process.failure or server.process.last_words
        raise BenchError(f"{server.process.name} cannot be measured: {error}; {said}") from error


def warm(server: Server, request: Request, *, seconds: float = 2.0) -> None:
    """Send requests until every worker has answered."""
    load.run(server.address, request, clients=CLIENTS, seconds=seconds)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, tuple[float, ...]]:
    """The median over the rounds of ours / theirs, and each round's."""
    each = tuple(mine / other for mine, other in zip(ours, theirs, strict=True))
    return statistics.median(each), each


def _around_the_first(turns: Sequence[Turn], beside: Sequence[Turn] = ()) -> list[Turn]:
    """The first in the middle: one right after what is ``beside`` it, and as near to the others as can be."""
    first, *others = turns
    half = (len(others) + 1) // 2
    return [*others[:half], first, *beside, *others[half:]]


_Measure = Callable[[Server, Request, Seen, float], None]


def _one_client(server: Server, request: Request, seen: Seen, seconds: float) -> None:
    sent, _ = load.run(server.address, request, clients=1, seconds=seconds)
    seen.p50.append(sent.milliseconds(50))
    seen.refused += sent.refused


def _eight_clients(server: Server, request: Request, seen: Seen, seconds: float) -> None:
    before = server.processor_seconds()
    sent, _ = load.run(server.address, request, clients=CLIENTS, seconds=seconds)
    used = server.processor_seconds() - before
    seen.rates.append(sent.rate)
    seen.processor.append(1000 * used / len(sent.latencies))
    seen.refused += sent.refused


def _eight_clients_and_pings(server: Server, request: Request, seen: Seen, seconds: float) -> None:
    sent, pings = load.run(server.address, request, clients=CLIENTS, seconds=seconds, ping_every=_PING_EVERY)
    seen.ping_p99.append(pings.milliseconds(99))
    seen.refused += sent.refused


def _one_round(number: int, measurements: Sequence[Turn]) -> None:
    for one in measurements if number % 2 == 0 else reversed(measurements):
        one()


@contextmanager
def _running(programs: Sequence[Program], first: Sequence[Request]) -> Iterator[list[Server]]:
    """All of them started, each asked once, and stopped in the end."""
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        each = zip(programs, first, strict=True)
        yield [stack.enter_context(program.running(request, logs=logs)) for program, request in each]
