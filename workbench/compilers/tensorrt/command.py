"""``ipc-ai compile --target tensorrt``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import serving_program
from workbench.compilers.onnx.command import COMPILED
from workbench.errors import CompileError
from workbench.recognition import external_data, plain_words
from workbench.steps import Steps
from workbench.store import model_folder

if TYPE_CHECKING:
    from ipc_ai_serving.engines.onnxruntime.tensorrt import BuiltFor
    from ipc_ai_serving.model_folder import ModelFolder

_ENGINE = "onnxruntime"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this target: those of all targets are enough."""


def run(arguments: argparse.Namespace) -> int:
    """Build the engines by loading the model as the container does, and write the model folder with them."""
    serving_program.make_importable()
    from ipc_ai_serving.engines.onnxruntime import tensorrt
    from workbench.compilers.onnx import running

    source = running.find(arguments.model, arguments.store, arguments.application)
    if source.model.engine != _ENGINE:
        raise CompileError(
            f"{source.model.name} runs on the engine {source.model.engine}, and TensorRT takes ONNX graphs; compile it "
            "with --target onnxruntime first, and then the result"
        )
    if lacking := tensorrt.missing():
        raise CompileError(
            f"TensorRT builds engines on the GPU that will run them, and here {lacking}; compile on such a machine, or "
            "serve with TENSORRT=Yes, which builds them at the start"
        )
    output = Path(arguments.output) if arguments.output else COMPILED / source.model.name
    model_folder.require_replaceable(output)
    plain_words.tell(arguments.recognised)
    with Steps(quiet=arguments.json) as steps, model_folder.replaced(output) as building:
        steps.next("copying the model")
        folder = _copied(source, building)
        steps.next(f"building engines for {tensorrt.gpu_name()}, which takes minutes")
        built = _built(folder, building / tensorrt.FOLDER)
    report = {
        "model": source.model.name,
        "folder": str(output),
        "built_for": dataclasses.asdict(built),
        "recognised": [plain_words.document(one) for one in arguments.recognised],
    }
    print(json.dumps(report, indent=2) if arguments.json else f"{source.model.name} for {built.gpu} is in {output}")
    return 0


def _copied(source: ModelFolder, target: Path) -> ModelFolder:
    """Copy a model, with the weights that lie beside its graph."""
    from ipc_ai_serving.model_folder import ModelFolder

    for path in source.files.values():
        shutil.copyfile(path, target / path.name)
        for name in external_data.names_of(path):
            weights = path.parent / name
            if ".." not in Path(name).parts and weights.is_file():  # ONNX Runtime reads none outside of the folder
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(weights, target / name)
    files = {role: path.name for role, path in source.files.items()}
    described = model_folder.describe(target, source.model, files)
    return ModelFolder(described, {role: target / name for role, name in files.items()})


def _built(folder: ModelFolder, cache: Path) -> BuiltFor:
    """Load the model, which builds its engines.

    Raises:
        CompileError: it does not load, or TensorRT computes no part of it.
    """
    from ipc_ai_serving import engines
    from ipc_ai_serving.engines.onnxruntime import tensorrt
    from ipc_ai_serving.errors import ModelLoadError

    cache.mkdir()  # which asks for TensorRT
    try:
        engines.load(folder.model, folder.files, threads=1)
    except ModelLoadError as error:
        raise CompileError(str(error)) from error
    built = tensorrt.stamp(cache)
    if built is None:
        raise CompileError(
            f"TensorRT built no engine for {folder.model.name}; the warnings above say why. CUDA runs it as it is"
        )
    return built
