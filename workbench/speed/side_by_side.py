"""Requests to the product and to the plain server, in turns with the bare loop, and what is said of them."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.speed import bare_loop, rounds
from workbench.speed.figures import Figure
from workbench.speed.load import Request
from workbench.speed.rounds import Case, Seen
from workbench.speed.servers import Program

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


@dataclass(frozen=True)
class Asked:
    """What is asked of the product, and of the plain server where there is one.

    Attributes:
        case: its name.
        requests: to the product; then to the plain server.
        targets: what the figures are held to.
        bare: the same work without a server, where that is to be compared.
    """

    case: str
    requests: Sequence[Request]
    targets: Targets
    bare: Bare | None = None


def measured(programs: Sequence[Program], asked: Sequence[Asked], effort: Effort) -> list[Figure]:
    """What the product shows beside the plain server, and beside the bare loop.

    Args:
        programs: the product, then the plain server, where there is one.
        asked: one case after the other in each round.
        effort: how long.
    """
    cases = [Case(each.requests[: len(programs)], [each.bare] if each.bare else []) for each in asked]
    rounds.measure(programs, cases, rounds=effort.rounds, seconds=effort.seconds)
    return [figure for each, case in zip(asked, cases, strict=True) for figure in _figures(each, *case.seen)]


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


def _figures(asked: Asked, mine: Seen, *others: Seen) -> list[Figure]:
    case, bare = asked.case, asked.bare
    figures = _against_plain(case, mine, others[0], asked.targets) if others else _alone(case, mine)
    figures.append(_ping(case, mine))
    for whose, seen in zip(("", " of the plain server"), (mine, *others), strict=False):
        if seen.refused:
            name = f"refused requests{whose}"
            figures.append(Figure(case=case, name=name, value=seen.refused, unit="", sign="<=", target=0))
    if bare:
        at_most = asked.targets.processor
        figures += [
            ratio(case, "CPU a request / bare loop", mine.processor, bare.processor, "ms", at_most=at_most),
            ratio(case, "throughput / bare loop", mine.rates, bare.rates, "/s"),
        ]
    return figures


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
