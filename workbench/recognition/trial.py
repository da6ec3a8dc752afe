"""Trial of a guess: the container's own code runs the graph over a photograph, and the head checks its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ipc_ai_catalogue import CLASSIFIER, EMBEDDER, Model
from workbench import places, serving_program
from workbench.errors import RecognitionError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ipc_ai_serving.images import Frame

_DETECTS = ("detector", "face-detector")
_SHOWN_CHARACTERS = 600


def run(model: Model, files: Mapping[str, Path], *, application: str | None = None) -> None:
    """Run a model as the container would.

    Args:
        model: the guess.
        files: path of each artefact by its role.
        application: the application that it will serve; None for its first.

    Raises:
        RecognitionError: it does not load, or its outputs are not those of its head.
    """
    with _in_one_line():
        if model.role == EMBEDDER:
            _embed(model, files)
        elif model.role == CLASSIFIER:
            _classify(model, files)
        else:
            _look(model, files, application or model.applications[0])


def outputs(model: Model, graph: Path) -> Mapping[str, npt.NDArray[np.float32]]:
    """Outputs of a graph for the photograph, by their names.

    Args:
        model: its engine and its input; the rest may be unknown.
        graph: its file.

    Raises:
        RecognitionError: it does not run.
    """
    with _in_one_line():
        from ipc_ai_serving import engines
        from ipc_ai_serving.vision.preprocessing import network_input

        prepared = network_input(_photograph(), model.input)
        return engines.load(model, {"onnx": graph}, threads=1).run(prepared.tensor)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Make the container's code importable, and errors of it one line."""
    serving_program.make_importable()
    try:
        yield
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        said = " ".join(str(error).split())
        shown = said if len(said) <= _SHOWN_CHARACTERS else f"{said[:_SHOWN_CHARACTERS]}..."
        raise RecognitionError(shown or type(error).__name__) from error


def _classify(model: Model, files: Mapping[str, Path]) -> None:
    from ipc_ai_serving.model_folder import ModelFolder
    from ipc_ai_serving.models.classifier import Classifier

    Classifier.load(ModelFolder(model, files), threads=1).scores(_photograph())


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
