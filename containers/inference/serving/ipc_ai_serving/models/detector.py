"""A detector: frame in, boxes in pixels of that frame out."""

from __future__ import annotations

import numpy as np

from ipc_ai_catalogue import CLASSIFIER, IMAGE_CLASSIFICATION, Model
from ipc_ai_serving import engines
from ipc_ai_serving.engines import SharedEngine
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.images import Frame, FrameSize
from ipc_ai_serving.model_folder import ModelFolder
from ipc_ai_serving.models import classes, heads
from ipc_ai_serving.models.classes import AnsweredClasses
from ipc_ai_serving.scheduling.stages import stage
from ipc_ai_serving.vision.detections import Detections, Wanted
from ipc_ai_serving.vision.preprocessing import decoded_size, network_input


class Detector:
    """Preprocessing, engine and head of one model. Threads may share it.

    Attributes:
        model: its description.
        classes: those that it answers.
    """

    def __init__(self, model: Model, engine: SharedEngine, answered: AnsweredClasses) -> None:
        self.model = model
        self.classes = answered
        self._engine = engine
        self._decode = heads.head(model.head)

    @classmethod
    def load(cls, folder: ModelFolder, *, threads: int, application: str | None = None) -> Detector:
        """Load the model and run it once, so that the first request does not pay for it.

        Args:
            folder: the model.
            threads: threads that one forward pass may use.
            application: the application, which may answer one class alone; None for the model's first.

        Raises:
            ModelLoadError: the model is no detector, does not load, its outputs are not those of its head, or it has no
                class that the application answers.
        """
        if folder.model.role == CLASSIFIER:
            raise ModelLoadError(
                f"{folder.model.name} is a classifier, which finds no boxes; deploy it as "
                f"applicationType={IMAGE_CLASSIFICATION}"
            )
        model, answered = classes.answered(folder.model, application or folder.model.applications[0])
        detector = cls(model, engines.load(model, folder.files, threads), answered)
        prepared = network_input(np.zeros((480, 640, 3), np.uint8), model.input)
        outputs = detector._engine.run(prepared.tensor)
        heads.check(model.head, outputs, model, prepared.shape)
        detector._decode(outputs, model, prepared.shape, None)
        return detector

    def looks_at(self, width: int, height: int, short_size: int | None = None) -> FrameSize:
        """Width and height in pixels with which a frame of ``width`` x ``height`` has to be decoded at least."""
        return decoded_size(width, height, self.model.input, short_size)

    def detect(
        self,
        frame: Frame,
        short_size: int | None = None,
        *,
        sent: FrameSize | None = None,
        wanted: Wanted = None,
    ) -> Detections:
        """Detect in a frame; boxes are in pixels of the frame as sent, clipped at its edges.

        Args:
            frame: (height, width, 3) uint8 BGR.
            short_size: short side at the network input instead of the model's own.
            sent: width and height of the frame as sent, where it was decoded with fewer pixels.
            wanted: (classes,) bool, the classes to answer; None for all that the application answers.
        """
        width, height = sent or (frame.shape[1], frame.shape[0])
        wanted = self.classes.answered if wanted is None else wanted
        with stage("preprocess"):
            prepared = network_input(frame, self.model.input, short_size, sent=sent)
        outputs = self._engine.run(prepared.tensor)
        with stage("postprocess"):
            found = self._decode(outputs, self.model, prepared.shape, wanted, prepared.scale_y)
            return prepared.in_frame(found, width=width, height=height)
