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

from ipc_ai_catalogue import EMBEDDER, Model
from workbench import places, serving_program, typed
from workbench.errors import CompileError
from workbench.recognition import plain_words
from workbench.steps import Steps
from workbench.store import model_folder

if TYPE_CHECKING:
    from ipc_ai_serving.model_folder import ModelFolder
    from workbench.compilers.onnx.conversion import Shape
    from workbench.compilers.onnx.int8.losses import Loss
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
    group.add_argument("--vnni", action="store_true", help="8 bits of weights, not 7, for processors with VNNI alone")
    group.add_argument("--force", action="store_true", help="write 8 bits although they lose too much accuracy")
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
    """Convert, optimise, prove, perhaps quantise, and write the model folder; return 1 when a proof fails."""
    _refuse_options_that_disagree(arguments)
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
    from workbench.compilers.onnx.int8 import losses
    from workbench.compilers.onnx.parity import Parity, Tolerance

    source = running.find(arguments.model, arguments.store, arguments.application)
    _refuse_what_is_not_compiled(source.model, int8=arguments.int8)
    proof = frames.read(arguments.frames or ([arguments.calibration] if arguments.calibration else []))
    calibration = frames.read([arguments.calibration]) if arguments.int8 else []
    labelled = frames.read([arguments.labels]) if arguments.labels else calibration
    output = Path(arguments.output) if arguments.output else COMPILED / source.model.name
    model_folder.require_replaceable(output)
    plain_words.tell(arguments.recognised)
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
            if own_graph.prepare(source.files[_ROLE], converted):
                tolerance = tolerance.of_half_precision()
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
        refusal = None
        written = optimised
        if arguments.int8 and not failure:
            steps.next(f"quantising with {len(calibration)} frames")
            tensors = old.tensors(calibration)
            if not tensors:
                raise CompileError(f"no face was found in {arguments.calibration}; give frames with faces")
            written = Path(work, f"{source.model.name}-int8.onnx")
            spec = source.model.input
            quantisation.quantise(
                optimised,
                written,
                input_name=spec.tensor,
                tensors=tensors,
                layout=spec.layout,
                also=spec.also,
                for_vnni=arguments.vnni,
            )
            quantised = running.load(_folder(source.model, written), threads=threads)
            steps.next("comparing 8 bits with 32")
            loosest = dataclasses.replace(tolerance, score=1.0)
            against = Parity([new.compared(quantised, frame, loosest) for frame in proof], loosest)
            loss = losses.between(new, quantised, calibration=calibration, labelled=labelled)
            report |= _of_int8(against, loss)
            refusal = None if arguments.force else loss.refusal
        report["bytes"] = {"fp32": optimised.stat().st_size} | (
            {"int8": written.stat().st_size} if "int8" in report else {}
        )
        if not failure and not refusal:
            steps.next("writing the model folder")
            _write(output, source.model, written, int8=arguments.int8)
    is_written = not failure and not refusal
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        _show(report, proved, output if is_written else None, origin=_ORIGINS[source.model.engine])
        run_here = model_folder.serving_command(source.model, output)
        if run_here and is_written:
            print(f"run here: {run_here}")
    if is_written:
        return 0
    said = f"is not the same after compiling: {failure}" if failure else f"is refused: {refusal}"
    Console(stderr=True, soft_wrap=True, highlight=False).print(
        f"{typed.NAME} compile: {source.model.name} {said}; nothing was written"
    )
    return 1


def _refuse_options_that_disagree(arguments: argparse.Namespace) -> None:
    if arguments.int8 and not arguments.calibration:
        raise CompileError("--int8 needs frames like those to come; give their folder with --calibration")
    if arguments.calibration and not arguments.int8:
        raise CompileError("--calibration is for --int8; add it, or name frames for the proof with --frames")
    for option in ("labels", "force", "vnni"):
        if getattr(arguments, option) and not arguments.int8:
            raise CompileError(f"--{option} is for --int8; add it, with frames for --calibration")


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
        return (1, 3, side, side if model.role == EMBEDDER else -(-side * 3 // 2 // 32) * 32)
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


def _of_int8(against: Parity, loss: Loss) -> dict[str, Any]:
    """Entries of the report about 8 bits."""
    kinds = ("fp32", "int8")
    left_out = ("tolerance", "failure", "frames")
    accuracy = zip(kinds, loss.accuracy or (None, None), strict=True)
    classes = zip(kinds, loss.classes or ({}, {}), strict=True)
    return {
        "int8": {name: value for name, value in against.document().items() if name not in left_out},
        "accuracy": {kind: value and dataclasses.asdict(value) for kind, value in accuracy},
        "accuracy_by_class": {
            kind: {name: dataclasses.asdict(value) for name, value in each.items()} for kind, each in classes
        },
        "loss": loss.document(),
    }


def _show(report: dict[str, Any], proved: Parity, output: Path | None, *, origin: str) -> None:
    from workbench.compilers.onnx.int8 import tables

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
        console.print(tables.table(report))
    if output:
        size = report["bytes"]["int8" if "int8" in report else "fp32"]
        console.print(f"{report['model']} ({size / 1e6:.1f} MB) is in {output}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2g}"
