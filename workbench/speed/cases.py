"""The groups of figures, each a function that measures and returns its lines of the table."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from workbench import places
from workbench.speed import accuracy, bare_loop, comparison, lambda_function, material, rounds, servers, synth
from workbench.speed.figures import Figure
from workbench.speed.load import Request
from workbench.speed.material import Material
from workbench.speed.rounds import Seen
from workbench.speed.servers import Program

_BODY = "body-detection"
_EMBEDDED_PAIR, _ONNX_PAIR = "dlib_frontal_face+dlib_face_embedding", "yunet_n+mobileface_v2"
_COMPARISONS_A_ROUND = 10
_REQUESTS_A_ROUND = 10
_YOLOX, _PLAIN_YOLOX = "yolox_nano", "body_detector_yolox_nano"
_SHORT_SIZE = 416  # of the older form, for both servers
_PING_TARGET_MS = 50


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds, and seconds of each measurement in one."""

    rounds: int
    seconds: float


@dataclass(frozen=True)
class _Targets:
    """What p50 and throughput are held to, as shares of the plain server's; 0 for none."""

    p50: float
    rate: float


def yolox(found: Material, effort: Effort) -> list[Figure]:
    """yolox_nano: a small and a large frame, each as an image and in the older base64 form."""
    folder = found.yolox()
    if folder is None:
        return []
    frames = {"street frame": (found.street(), 1.20), "1280x1920 frame": (found.large(), 1.10)}
    targets = {
        ("street frame", "image/jpeg"): _Targets(0.175, 5.9),
        ("1280x1920 frame", "image/jpeg"): _Targets(0.26, 3.6),
        ("street frame", "base64 JSON"): _Targets(0.20, 5.2),
        ("1280x1920 frame", "base64 JSON"): _Targets(0.32, 3.0),
    }
    figures = []
    with _together(
        servers.ours(_BODY, _YOLOX, folder.parent), _plain(found, found.plain_models(), _PLAIN_YOLOX), found
    ) as pair:
        for (name, form), target in targets.items():
            frame, bare_target = frames[name]
            bare = _Bare(folder, frame, effort.seconds) if form == "image/jpeg" else None
            request = material.as_image(frame) if bare else material.as_json(frame, short_size=_SHORT_SIZE)
            seen = pair.measure(request, material.as_json(frame, short_size=_SHORT_SIZE), effort, bare)
            case = f"yolox_nano, {name}, {form}"
            figures += _against_plain(case, seen, target)
            figures += _against_bare(case, seen[0], bare, bare_target)
    return figures


def heavy(found: Material, effort: Effort) -> list[Figure]:
    """yolo3_mobilenet1.0_coco with realistic random weights, FP32 and INT8."""
    exported = material.heavy_exported()
    frame = found.street()
    as_json = material.as_json(frame, short_size=_SHORT_SIZE)
    variants = {"FP32": (material.heavy_compiled(), _Targets(0.60, 1.35))}
    labelled = found.labelled()
    if labelled:
        variants["INT8"] = (material.heavy_int8(labelled), _Targets(0, 2.5))
    figures = []
    for name, (folder, target) in variants.items():
        plain = _plain(found, exported.parent / exported.name, exported.name)
        with _together(servers.ours(_BODY, exported.name, folder.parent), plain, found) as pair:
            bare = _Bare(folder, frame, effort.seconds)
            seen = pair.measure(material.as_image(frame), as_json, effort, bare)
            case = f"{exported.name} {name}, street frame, image/jpeg"
            figures += _against_plain(case, seen, target) + _against_bare(case, seen[0], bare, 1.20)
    return figures


def memory(found: Material, _: Effort) -> list[Figure]:
    """What a further worker of one thread costs in memory, for a small and a larger model."""
    figures = []
    exported = material.heavy_exported()
    models = {exported.name: (material.heavy_compiled(), exported, exported.name)}
    if (folder := found.yolox()) and (plain_models := found.plain_models()):
        models[_YOLOX] = (folder, plain_models, _PLAIN_YOLOX)
    request = material.as_json(found.street(), short_size=_SHORT_SIZE)
    for name, (folder, plain_models, prefix) in models.items():
        mine = [
            _memory(servers.ours(_BODY, name, folder.parent, MODEL_SERVER_WORKERS=count, OMP_NUM_THREADS="1"), request)
            for count in ("1", "2")
        ]
        more = mine[1] - mine[0]
        if found.baseline is None:
            figures.append(Figure(case=name, name="memory of a further worker", value=more, unit="MiB"))
            continue
        plain = [
            _memory(servers.plain(found.baseline, plain_models, prefix, workers=count), request) for count in (1, 2)
        ]
        figures.append(
            Figure(
                case=name,
                name="memory of a further worker",
                value=more / (plain[1] - plain[0]),
                sign="<=",
                target=0.35,
                ours=f"{more:.0f} MiB",
                theirs=f"{plain[1] - plain[0]:.0f} MiB",
            )
        )
    return figures


def start(found: Material, effort: Effort) -> list[Figure]:
    """From the start of the process to the first good answer."""
    folder, models = found.yolox(), found.plain_models()
    if folder is None or models is None:
        return []
    request = material.as_json(found.street(), short_size=_SHORT_SIZE)
    programs = {"ours": servers.ours(_BODY, _YOLOX, folder.parent)}
    if found.baseline:
        programs["theirs"] = servers.plain(found.baseline, models, _PLAIN_YOLOX)
    seconds: Mapping[str, list[float]] = {name: [] for name in programs}

    def started(name: str) -> Callable[[], None]:
        return lambda: seconds[name].append(_started(programs[name], request))

    rounds.in_turns(effort.rounds, *(started(name) for name in programs))
    mine = statistics.median(seconds["ours"])
    if "theirs" not in seconds:
        return [Figure(case=_YOLOX, name="start-up", value=mine, unit="s")]
    value, each = rounds.ratio(seconds["ours"], seconds["theirs"])
    return [
        Figure(
            case=_YOLOX,
            name="start to first good answer",
            value=value,
            sign="<=",
            target=0.5,
            ours=f"{mine:.2f} s",
            theirs=f"{statistics.median(seconds['theirs']):.2f} s",
            rounds=each,
        )
    ]


def face_comparison(found: Material, effort: Effort) -> list[Figure]:
    """One source against ten faces, beside one pair after the other."""
    pairs = {_EMBEDDED_PAIR: places.MODEL_STORE} | ({_ONNX_PAIR: found.onnx_faces()} if found.testdata else {})
    figures = []
    for pair, store in pairs.items():
        seen = comparison.run(pair, store, rounds=_COMPARISONS_A_ROUND * effort.rounds)
        figures.append(
            _ratio(
                f"{pair}, 1 source and {comparison.TARGETS} faces",
                "p50 of embedding / pair by pair",
                seen.ours,
                seen.plain,
                "ms",
                sign="<=",
                target=0.25,
            )
        )
    return figures


def accuracy_kept(found: Material, _: Effort) -> list[Figure]:
    """Recall with frames decoded as they are by default, against decoding all of their detail."""
    folder, labels, models = found.yolox(), found.labelled(), found.plain_models()
    if folder is None or labels is None or models is None:
        return []
    return [
        Figure(
            case=f"{name}, Penn-Fudan enlarged {each.times} times",
            name="points of recall lost",
            value=100 * (each.exact - each.reduced),
            unit="points",
            sign="<=",
            target=0.5,
            ours=f"{100 * each.reduced:.1f} %",
            theirs=f"{100 * each.exact:.1f} %",
        )
        for name, place in ((_YOLOX, folder), (_PLAIN_YOLOX, models))
        for each in accuracy.run(_BODY, name, place, labels)
    ]


def function(found: Material, effort: Effort) -> list[Figure]:
    """What the Lambda function takes itself for a large frame, and to start."""
    frame = found.large()
    requests = lambda_function.time_requests(frame, requests=_REQUESTS_A_ROUND * effort.rounds)
    case = f"Lambda function, {len(frame) / 1e6:.1f} MB frame"
    starts = lambda_function.time_imports(starts=3 * effort.rounds)
    return [
        Figure(
            case=f"{case}, image/jpeg", name="CPU a request", value=requests.image_ms, unit="ms", sign="<=", target=6
        ),
        Figure(case=f"{case}, base64 JSON", name="CPU a request", value=requests.json_ms, unit="ms"),
        Figure(
            case="Lambda function",
            name="cold start / boto3 and Powertools",
            value=starts.ratio,
            sign="<=",
            target=0.6,
            ours=f"{starts.ours_ms:.0f} ms",
            theirs=f"{starts.naive_ms:.0f} ms",
        ),
    ]


def cdk(_: Material, effort: Effort) -> list[Figure]:
    """``npx cdk synth``, warm."""
    seen = synth.time_synth(runs=effort.rounds)
    return [Figure(case="npx cdk synth", name="wall, warm", value=seen.wall_seconds, unit="s", sign="<=", target=6)]


GROUPS: Mapping[str, Callable[[Material, Effort], list[Figure]]] = {
    "yolox": yolox,
    "yolo3": heavy,
    "memory": memory,
    "start": start,
    "comparison": face_comparison,
    "accuracy": accuracy_kept,
    "function": function,
    "cdk": cdk,
}


class _Bare:
    """The bare loop as another that takes its turn."""

    def __init__(self, folder: Path, frame: bytes, seconds: float) -> None:
        self._folder, self._frame, self._seconds = folder, frame, seconds
        self.processor: list[float] = []
        self.rates: list[float] = []

    def __call__(self) -> None:
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(self._frame)
            file.flush()
            seen = bare_loop.run(_BODY, self._folder, Path(file.name), seconds=self._seconds)
        self.processor.append(1000 * seen.processor_seconds)
        self.rates.append(seen.frames_per_second)


class _together:  # noqa: N801 (used as a function)
    """Both servers started, or ours alone where there is no plain one."""

    def __init__(self, ours: Program, plain: Program | None, found: Material) -> None:
        self._programs = [ours, *([plain] if plain else [])]
        self._warm = material.as_json(found.street(), short_size=_SHORT_SIZE)

    def __enter__(self) -> _together:
        self._stack = ExitStack()
        with ExitStack() as stack:
            logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._running = [stack.enter_context(program.running(self._warm, logs=logs)) for program in self._programs]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def measure(self, request: Request, plain: Request, effort: Effort, bare: _Bare | None) -> list[Seen]:
        """What ours shows, and the plain one if it is there."""
        asked = list(zip(self._running, [request, plain], strict=False))
        return rounds.measured(asked, rounds=effort.rounds, seconds=effort.seconds, beside=[bare] if bare else [])


def _plain(found: Material, models: Path | None, prefix: str) -> Program | None:
    return servers.plain(found.baseline, models, prefix) if found.baseline and models else None


def _against_plain(case: str, seen: list[Seen], target: _Targets) -> list[Figure]:
    mine, *others = seen
    p50, rate = statistics.median(mine.p50), statistics.median(mine.rates)
    ping = statistics.median(mine.ping_p99)
    figures = [
        Figure(
            case=case,
            name="/ping p99, 8 clients",
            value=ping,
            unit="ms",
            sign="<=",
            target=_PING_TARGET_MS,
            ours=f"{ping:.1f} ms",
            rounds=tuple(mine.ping_p99),
        )
    ]
    if mine.refused:
        figures.append(Figure(case=case, name="refused requests", value=mine.refused, unit="", sign="<=", target=0))
    if not others:
        return [
            Figure(case=case, name="p50, 1 client", value=p50, unit="ms", rounds=tuple(mine.p50)),
            Figure(case=case, name="throughput, 8 clients", value=rate, unit="/s", rounds=tuple(mine.rates)),
            *figures,
        ]
    (theirs,) = others
    p50_ratio, p50_each = rounds.ratio(mine.p50, theirs.p50)
    rate_ratio, rate_each = rounds.ratio(mine.rates, theirs.rates)
    return [
        Figure(
            case=case,
            name="p50, 1 client",
            value=p50_ratio,
            sign="<=" if target.p50 else "",
            target=target.p50,
            ours=f"{p50:.1f} ms",
            theirs=f"{statistics.median(theirs.p50):.1f} ms",
            rounds=p50_each,
        ),
        Figure(
            case=case,
            name="throughput, 8 clients",
            value=rate_ratio,
            sign=">=",
            target=target.rate,
            ours=f"{rate:.1f} /s",
            theirs=f"{statistics.median(theirs.rates):.1f} /s",
            rounds=rate_each,
        ),
        *figures,
    ]


def _against_bare(case: str, mine: Seen, bare: _Bare | None, target: float) -> list[Figure]:
    if bare is None:
        return []
    value, each = rounds.ratio(mine.processor, bare.processor)
    shares = (mine.rates, bare.rates)
    return [
        Figure(
            case=case,
            name="CPU a request / bare loop",
            value=value,
            sign="<=",
            target=target,
            ours=f"{statistics.median(mine.processor):.1f} ms",
            theirs=f"{statistics.median(bare.processor):.1f} ms",
            rounds=each,
        ),
        Figure(
            case=case,
            name="throughput / bare loop",
            value=rounds.ratio(*shares)[0],
            ours=f"{statistics.median(mine.rates):.1f} /s",
            theirs=f"{statistics.median(bare.rates):.1f} /s",
            rounds=rounds.ratio(*shares)[1],
        ),
    ]


def _ratio(
    case: str, name: str, ours: list[float], theirs: list[float], unit: str, *, sign: str, target: float
) -> Figure:
    """The median of the ratios of what was measured in turns."""
    value, each = rounds.ratio(ours, theirs)
    return Figure(
        case=case,
        name=name,
        value=value,
        sign=sign if target else "",
        target=target,
        ours=f"{statistics.median(ours):.1f} {unit}",
        theirs=f"{statistics.median(theirs):.1f} {unit}",
        rounds=each,
    )


def _started(program: Program, request: Request) -> float:
    with tempfile.TemporaryDirectory() as logs, program.running(request, logs=Path(logs)) as server:
        return server.start_seconds


def _memory(program: Program, request: Request) -> float:
    """MiB of all its processes, shared pages counted once, after some load."""
    with tempfile.TemporaryDirectory() as logs, program.running(request, logs=Path(logs)) as server:
        rounds.warm(server, request)
        return server.memory_mib()
