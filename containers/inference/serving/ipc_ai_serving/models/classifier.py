"""A classifier of images: frame in, a score for each class out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import CLASSIFIER, IMAGE_CLASSIFICATION, Model
from ipc_ai_serving import engines
from ipc_ai_serving.engines import Outputs, SharedEngine
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.images import Frame, FrameSize
from ipc_ai_serving.model_folder import ModelFolder
from ipc_ai_serving.models import classes
from ipc_ai_serving.models.classes import AnsweredClasses
from ipc_ai_serving.models.heads._outputs import NetworkOutputs
from ipc_ai_serving.scheduling.stages import stage
from ipc_ai_serving.vision.preprocessing import decoded_size, network_input

Scores = npt.NDArray[np.float32]

_HEAD = "classes"
_READS = "one output (1, classes) or (1, classes, 1, 1) of a classifier, of two classes or more"


class Classifier:
    """Preprocessing, engine and activation of one model. Threads may share it.

    Attributes:
        model: its description.
        classes: those that it answers.
    """

    def __init__(self, model: Model, engine: SharedEngine, answered: AnsweredClasses) -> None:
        self.model = model
        self.classes = answered
        self._engine = engine
        self._activate = _ACTIVATIONS[model.output.activation]

    @classmethod
    def load(cls, folder: ModelFolder, *, threads: int) -> Classifier:
        """Load the model and run it once, so that the first request does not pay for it.

        Args:
            folder: the model; one without class names gets ``class 0``, ``class 1`` and so on.
            threads: threads that one forward pass may use.

        Raises:
            ModelLoadError: the model is no classifier, does not load, or its output is not that of one.
        """
        model = folder.model
        if model.role != CLASSIFIER or model.head != _HEAD:
            raise ModelLoadError(
                f"{model.name} is no classifier: its role is '{model.role}' and its head '{model.head}', not "
                f"'{CLASSIFIER}' and '{_HEAD}'; deploy it as applicationType={model.applications[0]}"
            )
        engine = engines.load(model, folder.files, threads)
        prepared = network_input(np.zeros((480, 640, 3), np.uint8), model.input)
        count = len(_checked(engine.run(prepared.tensor), model))
        if not model.classes:
            model = dataclasses.replace(model, classes=tuple(f"class {index}" for index in range(count)))
        return cls(model, engine, classes.answered(model, IMAGE_CLASSIFICATION)[1])

    def looks_at(self, width: int, height: int) -> FrameSize:
        """Width and height in pixels with which a frame of ``width`` x ``height`` has to be decoded at least."""
        return decoded_size(width, height, self.model.input)

    def scores(self, frame: Frame, *, sent: FrameSize | None = None) -> Scores:
        """Score a frame.

        Args:
            frame: (height, width, 3) uint8 BGR.
            sent: width and height of the frame as sent, where it was decoded with fewer pixels.

        Returns:
            (classes,) float32 in 0..1, by the network's class index.
        """
        with stage("preprocess"):
            prepared = network_input(frame, self.model.input, sent=sent)
        outputs = self._engine.run(prepared.tensor)
        with stage("postprocess"):
            return self._activate(next(iter(outputs.values())).reshape(-1))


def _checked(outputs: Outputs, model: Model) -> Scores:
    """Check the outputs for a frame, and return the values by class index, before activation.

    Raises:
        ModelLoadError: they are those of another network.
    """
    network = NetworkOutputs(outputs, head=_HEAD, reads=_READS)
    rank = next((output.ndim for output in outputs.values()), 0)
    (values,) = network.in_order((1, None, 1, 1) if rank == 4 else (1, None))
    if len(values) < 2:
        raise network.refuse("its output has one value")
    if model.classes and len(values) != len(model.classes):
        raise network.refuse(f"its output has {len(values)} values, and classes has {len(model.classes)} names")
    if model.output.activation == "none":
        network.check_probabilities(values, "a score")
    return values.reshape(-1)


def _kept(values: Scores) -> Scores:
    return np.clip(values, 0, 1)


def _sigmoid(values: Scores) -> Scores:
    scores: Scores = 0.5 * (1 + np.tanh(0.5 * values))  # the same function, which overflows nowhere
    return scores


def _softmax(values: Scores) -> Scores:
    powers = np.exp(values - values.max())
    scores: Scores = powers / powers.sum()
    return scores


_ACTIVATIONS: dict[str, Callable[[Scores], Scores]] = {"none": _kept, "sigmoid": _sigmoid, "softmax": _softmax}
