"""``ipc-ai compile --target onnxruntime``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ipc_ai_catalogue import Model
from workbench import places, serving_program, typed
from workbench.errors import CompileError
from workbench.recognition import plain_words
from workbench.steps import Steps
from workbench.store import model_folder

if TYPE_CHECKING:
    from ipc_ai_serving.model_folder import ModelFolder
    from workbench.compilers.onnx.accuracy import Accuracy
    from workbench.compilers.onnx.conversion import Shape
    from workbench.compilers.onnx.frames import NamedFrame
    from workbench.compilers.onnx.parity import Parity

COMPILED = places.OUTPUT / "compiled"
_ROLE = "onnx"
_FROM_MXNET = "mxnet"
_ORIGINS = {_FROM_MXNET: "MXNet", "onnxruntime": "as it was"}
"""Names of the graph before, by the engine of the model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this target."""
    group = parser.add_argument_group("--target onnxruntime")
    group.add_argument(
        "--frames", type=Path, nargs="+", default=[], metavar="PATH", help="frames or folders that prove it"
    )
    group.add_argument("--int8", action="store_true", help="quantise to 8 bits; the answers change")
    group.add_argument("--calibration", type=Path, metavar="DIR", help="frames like those to come, for --int8")
    group.add_argument("--labels", type=Path, metavar="DIR", help="labelled frames (default: those of --calibration)")
    group.add_argument("--box-tolerance", type=_tolerance, default=0.5, metavar="PX", help="pixels of a frame (0.5)")
    group.add_argument("--score-tolerance", type=_tolerance, default=0.005, metavar="X", help="of scores (0.005)")
    group.add_argument("--cosine-tolerance", type=_tolerance, default=1e-4, metavar="X", help="1 - cosine (0.0001)")


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is no tolerance; write a number of 0 or more")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Convert, optimise, prove, perhaps quantise, and write the model folder; return 1 when the proof fails."""
    if arguments.int8 and not arguments.calibration:
        raise CompileError("--int8 needs frames like those to come; give their folder with --calibration")
    if arguments.calibration and not arguments.int8:
        raise CompileError("--calibration is for --int8; add it, or name frames for the proof with --frames")
    if arguments.labels and not arguments.int8:
        raise CompileError("--labels is for --int8; add it, with frames for --calibration")
    serving_program.make_importable()
    from workbench.compilers.onnx import (
        conversion,
        frames,
        graph_repairs,
        optimisation,
        own_graph,
        quantisation,
        running,
        winograd,
    )
    from workbench.compilers.onnx.parity import Parity, Tolerance

    source = running.find(arguments.model, arguments.store, arguments.application)
    _refuse_what_is_not_compiled(source.model, int8=arguments.int8)
    proof = frames.read(arguments.frames or ([arguments.calibration] if arguments.calibration else []))
    calibration = frames.read([arguments.calibration]) if arguments.int8 else []
    labelled = frames.read([arguments.labels]) if arguments.labels else calibration
    output = Path(arguments.output) if arguments.output else COMPILED / source.model.name
    model_folder.require_replaceable(output)
    tolerance = Tolerance(
        box=arguments.box_tolerance, score=arguments.score_tolerance, cosine=arguments.cosine_tolerance
    )
    threads = serving_program.usable_cores()
    with Steps(quiet=arguments.json) as steps, tempfile.TemporaryDirectory() as work:
        converted, optimised = Path(work, "converted.onnx"), Path(work, f"{source.model.name}.onnx")
        if source.model.engine == _FROM_MXNET:
            steps.next("converting MXNet to ONNX")
            shape = _shape(arguments.input_shape, source.model)
            graph_repairs.repair_file(converted, conversion.convert(source.model, source.files, shape, converted))
        else:
            steps.next("reading the graph")
            own_graph.prepare(source.files[_ROLE], converted)
        steps.next("optimising the graph")
        optimisation.optimise(converted, optimised)
        if not arguments.int8:  # in 8 bits the same convolutions gain nothing
            winograd.rewrite(optimised, side=source.model.input.size)
        converted.unlink()
        compiled = _folder(source.model, optimised)
        steps.next(f"comparing the answers for {len(proof)} frames")
        old, new = running.load(source, threads=threads), running.load(compiled, threads=threads)
        proved = Parity([old.compared(new, frame, tolerance) for frame in proof], tolerance)
        report: dict[str, Any] = {"model": source.model.name, "folder": str(output), "parity": proved.document()}
        report["recognised"] = [plain_words.document(one) for one in arguments.recognised]
        failure = proved.failure()
        written = optimised
        if arguments.int8 and not failure:
            steps.next(f"quantising with {len(calibration)} frames")
            tensors = old.tensors(calibration)
            if not tensors:
                raise CompileError(f"no face was found in {arguments.calibration}; give frames with faces")
            written = Path(work, f"{source.model.name}-int8.onnx")
            quantisation.quantise(optimised, written, input_name=source.model.input.tensor, tensors=tensors)
            quantised = running.load(_folder(source.model, written), threads=threads)
            steps.next("comparing 8 bits with 32")
            loosest = dataclasses.replace(tolerance, score=1.0)
            against = Parity([new.compared(quantised, frame, loosest) for frame in proof], loosest)
            report["int8"] = {
                name: value
                for name, value in against.document().items()
                if name not in ("tolerance", "failure", "frames")
            }
            accuracies = {"fp32": _accuracy(new, labelled), "int8": _accuracy(quantised, labelled)}
            report["accuracy"] = {kind: value and dataclasses.asdict(value) for kind, value in accuracies.items()}
        report["bytes"] = {"fp32": optimised.stat().st_size} | (
            {"int8": written.stat().st_size} if "int8" in report else {}
        )
        if not failure:
            steps.next("writing the model folder")
            _write(output, source.model, written, int8=arguments.int8)
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        _show(report, proved, output if not failure else None, origin=_ORIGINS[source.model.engine])
        run_here = model_folder.serving_command(source.model, output)
        if run_here and not failure:
            print(f"run here: {run_here}")
    if failure:
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"{typed.NAME} compile: {source.model.name} is not the same after compiling: {failure}; nothing was written"
        )
        return 1
    return 0


def _refuse_what_is_not_compiled(model: Model, *, int8: bool) -> None:
    if model.engine not in _ORIGINS:
        raise CompileError(
            f"{model.name} runs on the engine {model.engine}; only those of {' and '.join(_ORIGINS)} are compiled"
        )
    if model.engine != _FROM_MXNET and not int8:
        raise CompileError(
            f"{model.name} runs on ONNX Runtime already; quantise it to 8 bits with --int8 --calibration DIR"
        )


def _shape(text: str | None, model: Model) -> Shape:
    """Shape of the frame with which the exporter traces."""
    if text is None:
        side = model.input.size
        # The sides differ, so that a graph that confuses height and width is found.
        return (1, 3, side, side if model.role == "face-embedder" else -(-side * 3 // 2 // 32) * 32)
    numbers = [int(part) if part.strip().isdigit() else 0 for part in text.split(",")]
    if len(numbers) != 4 or numbers[:2] != [1, 3] or min(numbers) < 1:
        raise CompileError(f"--input-shape is '{text}'; write 1,3,HEIGHT,WIDTH, as in 1,3,416,624")
    if max(numbers[2:]) > model.input.max_long_side:
        raise CompileError(
            f"--input-shape is '{text}'; {model.name} takes at most {model.input.max_long_side} pixels a side"
        )
    return (1, 3, numbers[2], numbers[3])


def _compiled(model: Model) -> Model:
    return dataclasses.replace(model, engine="onnxruntime", default=False)


def _folder(model: Model, graph: Path) -> ModelFolder:
    from ipc_ai_serving.model_folder import ModelFolder

    return ModelFolder(_compiled(model), {_ROLE: graph})


def _write(output: Path, model: Model, graph: Path, *, int8: bool) -> None:
    kind = "ONNX, INT8" if int8 else "ONNX"
    with model_folder.replaced(output) as building:
        (building / graph.name).write_bytes(graph.read_bytes())
        described = dataclasses.replace(_compiled(model), title=f"{model.title}, compiled to {kind}")
        model_folder.describe(building, described, {_ROLE: graph.name})


def _accuracy(runner: Any, labelled: list[NamedFrame]) -> Accuracy | None:
    """Accuracy of a detector on the frames with labels; None without any."""
    from workbench.compilers.onnx import accuracy, labels
    from workbench.compilers.onnx.running import DetectorRunner

    if not isinstance(runner, DetectorRunner):
        return None
    pairs = [(frame, labels.of(frame.path)) for frame in labelled if frame.path]
    answers = [(runner.detect(frame), boxes) for frame, boxes in pairs if boxes is not None]
    return accuracy.measure(answers) if answers else None


def _show(report: dict[str, Any], proved: Parity, output: Path | None, *, origin: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    tolerance = proved.tolerance
    table = Table(title=f"{report['model']}: ONNX Runtime against {origin}, largest differences")
    for heading in ("frame", origin, "ONNX", "matched", "box px", "score", "1 - cosine"):
        table.add_column(heading, justify="left" if heading == "frame" else "right", no_wrap=True)
    for frame in proved.frames:
        figures = (frame.box_shift, frame.score_difference, frame.cosine_distance)
        table.add_row(frame.frame, str(frame.source), str(frame.compiled), str(frame.matched), *map(_figure, figures))
    table.add_section()
    limits = (tolerance.box, tolerance.score, tolerance.cosine)
    table.add_row("tolerance", "", "", "", *(f"{limit:g}" for limit in limits))
    console.print(table)
    if "int8" in report:
        _show_int8(report, console)
    if output:
        size = report["bytes"]["int8" if "int8" in report else "fp32"]
        console.print(f"{report['model']} ({size / 1e6:.1f} MB) is in {output}")


def _show_int8(report: dict[str, Any], console: Console) -> None:
    table = Table(title="8 bits next to 32")
    for heading in ("", "FP32", "INT8"):
        table.add_column(heading, justify="left" if not heading else "right")
    table.add_row("size, MB", *(f"{report['bytes'][kind] / 1e6:.1f}" for kind in ("fp32", "int8")))
    both = report["accuracy"]
    if both["fp32"]:
        for name in ("average_precision", "precision", "recall"):
            table.add_row(name.replace("_", " "), *(f"{both[kind][name]:.3f}" for kind in ("fp32", "int8")))
        table.caption = f"{both['fp32']['labels']} labels in {both['fp32']['frames']} frames, IoU 0.5"
    else:
        table.caption = "no labels beside the frames: accuracy unknown"
    cosine = report["int8"]["largest_cosine_distance"]
    if cosine is not None:
        table.add_row("largest 1 - cosine", "0", f"{cosine:.3g}")
    console.print(table)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
