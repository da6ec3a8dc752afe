"""Requests to the product and to other servers, in turns with the bare loop, and the figures that follow."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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
    """Length of a run: rounds, and seconds of each measurement in one."""

    rounds: int
    seconds: float


@dataclass(frozen=True)
class Targets:
    """Targets as multiples of what the product is compared with; 0 for none.

    Attributes:
        p50: at most this much of the plain server's median latency, one client.
        rate: at least this much of the plain server's throughput, eight clients.
        processor: at most this much of the bare loop's processor time a request.
        bare_rate: at least this much of the bare loop's throughput.
        peers_alone: at least this much of each peer's throughput, one client.
        peers_rate: the same, eight clients.
    """

    p50: float
    rate: float
    processor: float = 0
    bare_rate: float = 0
    peers_alone: float = 0
    peers_rate: float = 0


class Bare:
    """The bare loop over one frame, as another that takes its turn."""

    def __init__(
        self, kind: str, folder: Path, frame: bytes, seconds: float, *, module: str = bare_loop.PRODUCTS_WORK
    ) -> None:
        self._kind, self._folder, self._frame, self._seconds, self._module = kind, folder, frame, seconds, module
        self.processor: list[float] = []
        self.rates: list[float] = []

    def __call__(self) -> None:
        """Measure once more; append to ``processor`` (milliseconds a frame) and ``rates`` (frames a second)."""
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(self._frame)
            file.flush()
            place = Path(file.name)
            seen = bare_loop.run(self._kind, self._folder, place, seconds=self._seconds, module=self._module)
        self.processor.append(1000 * seen.processor_seconds)
        self.rates.append(seen.frames_per_second)


@dataclass(frozen=True)
class Asked:
    """One frame in one form.

    Attributes:
        case: its name.
        request: to the product and its peers.
        plain: the same frame to the plain server.
        targets: of the figures.
        bare: the same work without a server, where that is to be compared.
    """

    case: str
    request: Request
    plain: Request
    targets: Targets
    bare: Bare | None = None


def measured(
    product: Program,
    asked: Sequence[Asked],
    effort: Effort,
    *,
    plain: Program | None,
    peers: Mapping[str, Program] | None = None,
) -> list[Figure]:
    """Figures of the product beside other servers and beside the bare loop.

    Args:
        product: the serving program.
        asked: one case after the other in each round.
        effort: how long.
        plain: the plain server, where there is one.
        peers: other servers by the names of their frameworks.
    """
    peers = peers or {}
    plains = [plain] if plain else []
    cases = [
        Case(
            [each.request, *[each.plain for _ in plains], *[each.request for _ in peers]],
            [each.bare] if each.bare else [],
        )
        for each in asked
    ]
    rounds.measure([product, *plains, *peers.values()], cases, rounds=effort.rounds, seconds=effort.seconds)
    figures = []
    for each, case in zip(asked, cases, strict=True):
        mine, *others = case.seen
        theirs = others.pop(0) if plain else None
        figures += _figures(each, mine, theirs, dict(zip(peers, others, strict=True)))
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


def _figures(asked: Asked, mine: Seen, plain: Seen | None, peers: Mapping[str, Seen]) -> list[Figure]:
    case, bare, targets = asked.case, asked.bare, asked.targets
    figures = _against_plain(case, mine, plain, targets) if plain else _alone(case, mine)
    for name, peer in peers.items():
        figures += _against_peer(case, name, mine, peer, targets)
    figures.append(_ping(case, mine))
    figures += _refused(case, {"": mine} | ({" of the plain server": plain} if plain else {}))
    figures += _refused(case, {f" of {name}": peer for name, peer in peers.items()})
    if bare:
        at_most, at_least = targets.processor, targets.bare_rate
        figures += [
            ratio(case, "CPU a request / bare loop", mine.processor, bare.processor, "ms", at_most=at_most),
            ratio(case, "throughput / bare loop", mine.rates, bare.rates, "/s", at_least=at_least),
        ]
    return figures


def _refused(case: str, seen: Mapping[str, Seen]) -> Iterator[Figure]:
    for whose, each in seen.items():
        if each.refused:
            name = f"refused requests{whose}"
            yield Figure(case=case, name=name, value=each.refused, unit="", sign="<=", target=0)


def _against_peer(case: str, name: str, mine: Seen, theirs: Seen, targets: Targets) -> list[Figure]:
    """Throughput of one client, from the median latency, and of eight."""
    alone, others_alone = ([1000 / p50 for p50 in seen.p50] for seen in (mine, theirs))
    return [
        ratio(case, f"throughput / {name}, 1 client", alone, others_alone, "/s", at_least=targets.peers_alone),
        ratio(case, f"throughput / {name}, 8 clients", mine.rates, theirs.rates, "/s", at_least=targets.peers_rate),
    ]


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
