"""Requests to the product and to the plain server, in turns with the bare loop, and what is said of them."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.speed import bare_loop, rounds
from workbench.speed.figures import Figure
from workbench.speed.load import Request
from workbench.speed.rounds import Seen
from workbench.speed.servers import Program, Server

_PING_TARGET_MS = 50


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds, and seconds of each measurement in one."""

    rounds: int
    seconds: float


@dataclass(frozen=True)
class Targets:
    """What p50, throughput and processor time are held to, as shares of the others'; 0 for none."""

    p50: float
    rate: float
    processor: float = 0


class Bare:
    """The bare loop over one frame, as another that takes its turn."""

    def __init__(self, application: str, folder: Path, frame: bytes, seconds: float) -> None:
        self._application, self._folder, self._frame, self._seconds = application, folder, frame, seconds
        self.processor: list[float] = []
        self.rates: list[float] = []

    def __call__(self) -> None:
        """Measures once more: milliseconds of processor time a frame, and frames a second."""
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(self._frame)
            file.flush()
            seen = bare_loop.run(self._application, self._folder, Path(file.name), seconds=self._seconds)
        self.processor.append(1000 * seen.processor_seconds)
        self.rates.append(seen.frames_per_second)


@contextmanager
def running(programs: Sequence[Program], first: Request) -> Iterator[list[Server]]:
    """All of them started, each asked once, and stopped in the end."""
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield [stack.enter_context(program.running(first, logs=logs)) for program in programs]


def measured(
    case: str,
    asked: Sequence[tuple[Server, Request]],
    effort: Effort,
    targets: Targets,
    *,
    bare: Bare | None = None,
) -> list[Figure]:
    """What the product shows beside the plain server, and beside the bare loop.

    Args:
        case: what is asked.
        asked: the product and its request; then the plain server and its, where there is one.
        effort: how long.
        targets: what the figures are held to.
        bare: the same work without a server, where that is to be compared.
    """
    mine, *others = rounds.measured(asked, rounds=effort.rounds, seconds=effort.seconds, beside=[bare] if bare else [])
    figures = _against_plain(case, mine, others[0], targets) if others else _alone(case, mine)
    figures.append(_ping(case, mine))
    if mine.refused:
        figures.append(Figure(case=case, name="refused requests", value=mine.refused, unit="", sign="<=", target=0))
    if bare:
        figures += [
            ratio(case, "CPU a request / bare loop", mine.processor, bare.processor, "ms", at_most=targets.processor),
            ratio(case, "throughput / bare loop", mine.rates, bare.rates, "/s"),
        ]
    return figures


def ratio(
    case: str,
    name: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    unit: str,
    *,
    at_most: float = 0,
    at_least: float = 0,
) -> Figure:
    """The median of the ratios of what was measured in turns; a target of 0 is none."""
    value, each = rounds.ratio(ours, theirs)
    return Figure(
        case=case,
        name=name,
        value=value,
        sign="<=" if at_most else ">=" if at_least else "",
        target=at_most or at_least,
        ours=_shown(ours, unit),
        theirs=_shown(theirs, unit),
        rounds=each,
    )


def _shown(values: Sequence[float], unit: str) -> str:
    value = statistics.median(values)
    return f"{value:.{2 if unit == 's' or value < 1 else 1}f} {unit}"


def _against_plain(case: str, mine: Seen, theirs: Seen, targets: Targets) -> list[Figure]:
    return [
        ratio(case, "p50, 1 client", mine.p50, theirs.p50, "ms", at_most=targets.p50),
        ratio(case, "throughput, 8 clients", mine.rates, theirs.rates, "/s", at_least=targets.rate),
    ]


def _alone(case: str, mine: Seen) -> list[Figure]:
    values = {"p50, 1 client": (mine.p50, "ms"), "throughput, 8 clients": (mine.rates, "/s")}
    return [
        Figure(case=case, name=name, value=statistics.median(each), unit=unit, rounds=tuple(each))
        for name, (each, unit) in values.items()
    ]


def _ping(case: str, mine: Seen) -> Figure:
    return Figure(
        case=case,
        name="/ping p99, 8 clients",
        value=statistics.median(mine.ping_p99),
        unit="ms",
        sign="<=",
        target=_PING_TARGET_MS,
        rounds=tuple(mine.ping_p99),
    )
