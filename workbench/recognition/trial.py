"""Trial of a guess: the container's own code runs the graph over a photograph, and the head checks its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ipc_ai_catalogue import Model
from workbench import places, serving_program
from workbench.errors import RecognitionError

if TYPE_CHECKING:
    from ipc_ai_serving.images import Frame

_EMBEDS = "face-embedder"
_DETECTS = ("detector", "face-detector")
_SHOWN_CHARACTERS = 300


def run(model: Model, files: Mapping[str, Path], *, application: str | None = None) -> None:
    """Run a model as the container would.

    Args:
        model: the guess.
        files: path of each artefact by its role.
        application: the application that it will serve; None for its first.

    Raises:
        RecognitionError: it does not load, or its outputs are not those of its head.
    """
    serving_program.make_importable()
    try:
        _embed(model, files) if model.role == _EMBEDS else _look(model, files, application or model.applications[0])
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        said = " ".join(str(error).split())
        shown = said if len(said) <= _SHOWN_CHARACTERS else f"{said[:_SHOWN_CHARACTERS]}..."
        raise RecognitionError(shown or type(error).__name__) from error


def _embed(model: Model, files: Mapping[str, Path]) -> None:
    from ipc_ai_serving.model_folder import ModelFolder
    from ipc_ai_serving.models.embedder import Embedder

    Embedder.load(ModelFolder(model, files), threads=1)


def _look(model: Model, files: Mapping[str, Path], application: str) -> None:
    from ipc_ai_serving import engines
    from ipc_ai_serving.models import classes, heads
    from ipc_ai_serving.vision.preprocessing import network_input

    decode = heads.head(model.head)
    answering, _ = classes.answered(model, application)
    engine = engines.load(answering, files, threads=1)
    prepared = network_input(_photograph(), answering.input)
    outputs = engine.run(prepared.tensor)
    heads.check(answering.head, outputs, answering, prepared.shape)
    if model.role in _DETECTS:
        decode(outputs, answering, prepared.shape)


def _photograph() -> Frame:
    import numpy as np
    from PIL import Image

    with Image.open(places.photograph()) as photograph:
        return np.ascontiguousarray(np.asarray(photograph.convert("RGB"))[:, :, ::-1])
