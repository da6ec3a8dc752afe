"""The serving program as it is, in turns with the same program that lacks a step or has other workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.speed import material, rounds, servers, side_by_side
from workbench.speed.figures import Figure
from workbench.speed.material import Material
from workbench.speed.rounds import Case, Seen
from workbench.speed.servers import Program
from workbench.speed.side_by_side import Effort

_APPLICATION = "body-detection"
CONFIGURATION = Path(__file__).with_name("variant.py")
"""What gunicorn reads instead of the program's own configuration."""
_FIGURES: Mapping[str, tuple[str, Callable[[Seen], list[float]]]] = {
    "p50, 1 client": ("ms", lambda seen: seen.p50),
    "throughput, 8 clients": ("/s", lambda seen: seen.rates),
    "p99, 8 clients": ("ms", lambda seen: seen.p99),
    "/ping p99, 8 clients": ("ms", lambda seen: seen.ping_p99),
    "CPU a request, 1 client": ("ms", lambda seen: seen.processor_alone),
    "CPU a request, 8 clients": ("ms", lambda seen: seen.processor),
    "memory": ("MiB", lambda seen: seen.memory),
}
"""What can be told of two servers: its unit, and the values of the rounds."""
_P50, _RATE, _P99, _PING, _PROCESSOR_ALONE, _PROCESSOR, _MEMORY = _FIGURES
_SMALL, _LARGE = "street frame", "1280x1920 frame"


@dataclass(frozen=True)
class Variant:
    """The program without a step, or with something that was tried and dropped.

    Attributes:
        case: the product's way / the other.
        frames: what is sent to both.
        figures: what the step is for, and what it may cost.
        heavy: whether with yolo3_mobilenet1.0_coco, FP32, instead of yolox_nano.
    """

    case: str
    frames: Sequence[str]
    figures: Sequence[str]
    heavy: bool = False


VARIANTS: Mapping[str, Variant] = {
    "kept-memory": Variant("freed memory kept in one heap / given back", [_LARGE], [_PROCESSOR, _MEMORY]),
    "switching": Variant("threads switched every 1 ms / 5 ms", [_SMALL, _LARGE], [_PING, _RATE]),
    "opencv-thread": Variant("one thread for OpenCV / one a core", [_SMALL, _LARGE], [_P50, _PROCESSOR]),
    "core-turns": Variant("as many at once as cores / no limit", [_SMALL, _LARGE], [_PING, _RATE]),
    "kept-core": Variant(
        "a core kept from decoding to the pass's end / given back between", [_SMALL, _LARGE], [_RATE, _PROCESSOR]
    ),
    "staying-thread": Variant("a thread stays with a busy connection / leaves", [_SMALL], [_RATE, _PROCESSOR]),
    "spread-connections": Variant("connections spread over workers / to the first", [_SMALL, _LARGE], [_RATE, _P99]),
    "told-cores": Variant("told of idle cores / looking every 5 ms", [_SMALL], [_RATE, _P99, _PROCESSOR]),
    "graph-shortcuts": Variant("graph with less to compute / as published", [_SMALL], [_P50, _RATE, _PROCESSOR]),
    "winograd": Variant("fewer products / direct convolutions", [_SMALL], [_RATE, _PROCESSOR, _MEMORY], heavy=True),
    "shared-arena": Variant("an arena for all sessions / one each", [_SMALL, _LARGE], [_PROCESSOR, _MEMORY]),
    "stopped-spinning": Variant(
        "threads spin during a pass / after it too", [_SMALL, _LARGE], [_P50, _PROCESSOR_ALONE]
    ),
    "own-threads": Variant("a thread each / all threads for one after the other", [_SMALL, _LARGE], [_P50, _RATE]),
    "spinning": Variant("threads spin during a pass / sleep", [_SMALL, _LARGE], [_P50, _PROCESSOR_ALONE]),
}
"""By the names that ``variant.py`` knows them by."""


def without(name: str, found: Material, effort: Effort) -> list[Figure]:
    """The program as it is beside the one of that name in ``VARIANTS``."""
    variant = VARIANTS[name]
    folder = material.heavy_compiled() if variant.heavy else found.yolox()
    if folder is None:
        return []
    plain = servers.ours(_APPLICATION, folder.name, folder.parent)
    other = replace(
        servers.ours(_APPLICATION, folder.name, folder.parent, VARIANT=name),
        name=f"{plain.name}-{name}",
        command=[*plain.command, "--config", str(CONFIGURATION)],
    )
    frames = {frame: _frames(found)[frame] for frame in variant.frames}
    return beside(f"{variant.case}: {folder.name}", [plain, other], frames, effort, variant.figures)


def workers(found: Material, effort: Effort) -> list[Figure]:
    """The workers that the program chooses beside one worker, and beside workers of one thread: yolox_nano."""
    folder = found.yolox()
    return _worker_shapes(folder.name, folder, _frames(found), effort) if folder else []


def heavy_workers(found: Material, effort: Effort) -> list[Figure]:
    """The same with yolo3_mobilenet1.0_coco, FP32 and INT8."""
    variants = {"FP32": material.heavy_compiled()}
    if labelled := found.labelled():
        variants["INT8"] = material.heavy_int8(labelled)
    frames = {_SMALL: found.street()}
    return [
        figure
        for name, folder in variants.items()
        for figure in _worker_shapes(f"{folder.name} {name}", folder, frames, effort)
    ]


def beside(
    case: str, programs: Sequence[Program], frames: Mapping[str, bytes], effort: Effort, figures: Sequence[str]
) -> list[Figure]:
    """What two programs show under the same frames.

    Args:
        case: what they are.
        programs: the product's, then the other.
        frames: images by their names.
        effort: how long.
        figures: which ones, of each frame.

    Raises:
        StartError: one of them does not start.
    """
    lines = []
    cases = {name: Case([material.as_image(frame)] * len(programs)) for name, frame in frames.items()}
    rounds.measure(programs, list(cases.values()), rounds=effort.rounds, seconds=effort.seconds)
    for frame, asked in cases.items():
        mine, other = asked.seen
        of = f"{case}, {frame}"
        for name in figures:
            unit, values = _FIGURES[name]
            lines.append(side_by_side.ratio(of, name, values(mine), values(other), unit))
        if refused := mine.refused + other.refused:
            lines.append(Figure(case=of, name="refused requests", value=refused, unit="", sign="<=", target=0))
    return lines


def _worker_shapes(model: str, folder: Path, frames: Mapping[str, bytes], effort: Effort) -> list[Figure]:
    chosen = servers.ours(_APPLICATION, folder.name, folder.parent)
    others = {
        "one worker of all cores": {"MODEL_SERVER_WORKERS": "1"},
        "each request on one thread": {"OMP_NUM_THREADS": "1"},
    }
    figures = []
    for name, environment in others.items():
        other = servers.ours(_APPLICATION, folder.name, folder.parent, **environment)
        programs = [chosen, replace(other, name=f"{chosen.name}-{name.replace(' ', '-')}")]
        case = f"workers that share the cores / {name}: {model}"
        figures += beside(case, programs, frames, effort, [_P50, _RATE, _PROCESSOR, _MEMORY])
    return figures


def _frames(found: Material) -> Mapping[str, bytes]:
    return {_SMALL: found.street(), _LARGE: found.large()}
