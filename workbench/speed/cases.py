"""The groups of figures, each a function that measures and returns its lines of the table."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from workbench import places
from workbench.speed import accuracy, comparison, lambda_function, material, rounds, servers
from workbench.speed.figures import Figure
from workbench.speed.heads import post_processing, requests
from workbench.speed.load import Request
from workbench.speed.material import Material
from workbench.speed.servers import Program
from workbench.speed.side_by_side import Asked, Bare, Effort, Targets, measured, ratio

_BODY = "body-detection"
_EMBEDDED_PAIR, _ONNX_PAIR = "dlib_frontal_face+dlib_face_embedding", "yunet_n+mobileface_v2"
_COMPARISONS_A_ROUND = 10
_REQUESTS_A_ROUND = 10
_POST_PROCESSINGS_A_ROUND = 100
_YOLOX, _PLAIN_YOLOX = "yolox_nano", "body_detector_yolox_nano"
_SHORT_SIZE = 416  # of the older form, for both servers


def yolox(found: Material, effort: Effort) -> list[Figure]:
    """yolox_nano: a small frame and two large ones as an image, beside every server and the bare loop."""
    folder = found.yolox()
    if folder is None:
        return []
    frames = {
        "street frame": (
            found.street(),
            Targets(0.175, 5.0, processor=1.20, bare_rate=0.83, peers_alone=1.3, peers_rate=1.05),
        ),
        "1280x1920 frame": (
            found.large(),
            Targets(0.26, 3.6, processor=1.10, bare_rate=0.87, peers_alone=1.3, peers_rate=1.25),
        ),
        "camera's 1280x1920 frame": (found.camera(), Targets(0.26, 3.6, peers_alone=1.3, peers_rate=1.25)),
    }
    asked = [
        Asked(
            f"{_YOLOX}, {name}, image/jpeg",
            material.as_image(frame),
            _as_json(frame),
            targets,
            Bare(_BODY, folder, frame, effort.seconds),
        )
        for name, (frame, targets) in frames.items()
    ]
    ours, plain = _programs(found, folder, found.plain_models(), _PLAIN_YOLOX)
    return measured(ours, asked, effort, plain=plain, peers=servers.peers(folder / f"{_YOLOX}.onnx"))


def yolox_json(found: Material, effort: Effort) -> list[Figure]:
    """yolox_nano: the same frames in the older base64 form, beside the plain server."""
    folder = found.yolox()
    if folder is None:
        return []
    frames = {
        "street frame": (found.street(), Targets(0.20, 5.0)),
        "1280x1920 frame": (found.large(), Targets(0.32, 3.0)),
    }
    asked = [
        Asked(f"{_YOLOX}, {name}, base64 JSON", _as_json(frame), _as_json(frame), targets)
        for name, (frame, targets) in frames.items()
    ]
    ours, plain = _programs(found, folder, found.plain_models(), _PLAIN_YOLOX)
    return measured(ours, asked, effort, plain=plain)


def heavy(found: Material, effort: Effort) -> list[Figure]:
    """yolo3_mobilenet1.0_coco with realistic random weights, FP32 and INT8."""
    exported = material.heavy_exported()
    frame = found.street()
    variants = {"FP32": (material.heavy_compiled(), Targets(0.60, 1.35, processor=1.20))}
    if labelled := found.labelled():
        variants["INT8"] = (material.heavy_int8(labelled), Targets(0, 2.5, processor=1.20))
    figures = []
    for name, (folder, targets) in variants.items():
        asked = Asked(
            f"{exported.name} {name}, street frame, image/jpeg",
            material.as_image(frame),
            _as_json(frame),
            targets,
            Bare(_BODY, folder, frame, effort.seconds),
        )
        ours, plain = _programs(found, folder, exported, exported.name)
        figures += measured(ours, [asked], effort, plain=plain)
    return figures


def memory(found: Material, _: Effort) -> list[Figure]:
    """Memory of a further worker, of one thread and of four, for a small and a larger model."""
    figures = []
    exported = material.heavy_exported()
    models = {exported.name: (material.heavy_compiled(), exported, exported.name)}
    if (folder := found.yolox()) and (plain_models := found.plain_models()):
        models[_YOLOX] = (folder, plain_models, _PLAIN_YOLOX)
    request = _as_json(found.street())
    for model, (folder, plain_models, prefix) in models.items():
        theirs = 0.0
        if found.baseline:
            several = [servers.plain(found.baseline, plain_models, prefix, workers=count) for count in (1, 2)]
            theirs = _added(several, request)
        for threads in ("1", "4"):
            several = [
                servers.ours(_BODY, model, folder.parent, MODEL_SERVER_WORKERS=count, OMP_NUM_THREADS=threads)
                for count in ("1", "2")
            ]
            mine = _added(several, request)
            figures.append(_beside_plain(model, f"memory of a further worker, threads: {threads}", mine, theirs))
    return figures


def _beside_plain(case: str, name: str, mine: float, theirs: float) -> Figure:
    if not theirs:
        return Figure(case=case, name=name, value=mine, unit="MiB")
    return Figure(
        case=case,
        name=name,
        value=mine / theirs,
        sign="<=",
        target=0.35,
        ours=f"{mine:.0f} MiB",
        theirs=f"{theirs:.0f} MiB",
    )


def start(found: Material, effort: Effort) -> list[Figure]:
    """From the start of the process to the first good answer."""
    folder, models = found.yolox(), found.plain_models()
    if folder is None or models is None:
        return []
    request = _as_json(found.street())
    programs = {"ours": servers.ours(_BODY, _YOLOX, folder.parent)}
    if found.baseline:
        programs["theirs"] = servers.plain(found.baseline, models, _PLAIN_YOLOX)
    seconds: Mapping[str, list[float]] = {name: [] for name in programs}

    def started(name: str) -> Callable[[], None]:
        return lambda: seconds[name].append(_started(programs[name], request))

    rounds.in_turns(effort.rounds, *(started(name) for name in programs))
    name = "start to first good answer"
    if "theirs" not in seconds:
        return [Figure(case=_YOLOX, name=name, value=statistics.median(seconds["ours"]), unit="s")]
    return [ratio(_YOLOX, name, seconds["ours"], seconds["theirs"], "s", at_most=0.5)]


def face_comparison(found: Material, effort: Effort) -> list[Figure]:
    """One source against ten faces, beside one pair after the other."""
    pairs = {_EMBEDDED_PAIR: places.MODEL_STORE} | ({_ONNX_PAIR: found.onnx_faces()} if found.testdata else {})
    figures = []
    for pair, store in pairs.items():
        seen = comparison.run(pair, store, rounds=_COMPARISONS_A_ROUND * effort.rounds)
        case = f"{pair}, 1 source and {comparison.TARGETS} faces"
        figures += [
            ratio(case, "p50 of embedding / pair by pair", seen.ours, seen.plain, "ms", at_most=0.25),
            ratio(case, "the same, the source known", seen.known, seen.plain, "ms"),
        ]
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
    """Processor time of the Lambda function for a large frame, and its start."""
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


def heads(found: Material, effort: Effort) -> list[Figure]:
    """Post-processing of many cells and classes on one core, and requests to a model of each head."""
    alone = post_processing.figures(times=_POST_PROCESSINGS_A_ROUND * effort.rounds)
    return [*alone, *requests.figures(found.camera(), effort)]


GROUPS: Mapping[str, Callable[[Material, Effort], list[Figure]]] = {
    "yolox": yolox,
    "yolox-json": yolox_json,
    "yolo3": heavy,
    "memory": memory,
    "start": start,
    "comparison": face_comparison,
    "accuracy": accuracy_kept,
    "function": function,
    "heads": heads,
}


def _programs(found: Material, folder: Path, plain_models: Path | None, prefix: str) -> tuple[Program, Program | None]:
    """The product with a model of that name, and the plain server where there is one."""
    plain = servers.plain(found.baseline, plain_models, prefix) if found.baseline and plain_models else None
    return servers.ours(_BODY, folder.name, folder.parent), plain


def _as_json(frame: bytes) -> Request:
    return material.as_json(frame, short_size=_SHORT_SIZE)


def _started(program: Program, request: Request) -> float:
    with tempfile.TemporaryDirectory() as logs, program.running(request, logs=Path(logs)) as server:
        return server.start_seconds


def _added(programs: Sequence[Program], request: Request) -> float:
    """MiB that the second of two programs takes beyond the first."""
    fewer, more = (_memory(program, request) for program in programs)
    return more - fewer


def _memory(program: Program, request: Request) -> float:
    """MiB of all its processes, shared pages counted once, after some load."""
    with tempfile.TemporaryDirectory() as logs, program.running(request, logs=Path(logs)) as server:
        rounds.warm(server, request)
        return server.memory_mib()
