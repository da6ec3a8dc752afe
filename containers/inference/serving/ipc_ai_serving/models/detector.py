"""A detector: frame in, boxes in pixels of that frame out."""

from __future__ import annotations

import numpy as np

from ipc_ai_catalogue import Model
from ipc_ai_serving import engines
from ipc_ai_serving.engines import SharedEngine
from ipc_ai_serving.images import Frame, FrameSize
from ipc_ai_serving.model_folder import ModelFolder
from ipc_ai_serving.models import heads
from ipc_ai_serving.scheduling.stages import stage
from ipc_ai_serving.vision.detections import Detections
from ipc_ai_serving.vision.preprocessing import network_input, network_size


class Detector:
    """Preprocessing, engine and head of one model. Threads may share it."""

    def __init__(self, model: Model, engine: SharedEngine) -> None:
        self.model = model
        self._engine = engine
        self._decode = heads.head(model.head)

    @classmethod
    def load(cls, folder: ModelFolder, *, threads: int) -> Detector:
        """Load the model and run it once, so that the first request does not pay for it.

        Raises:
            ModelLoadError: the model does not load, or its outputs are not those of its head.
        """
        detector = cls(folder.model, engines.load(folder.model, folder.files, threads))
        tensor = network_input(np.zeros((480, 640, 3), np.uint8), folder.model.input).tensor
        outputs = detector._engine.run(tensor)
        heads.check(folder.model.head, outputs, folder.model, tensor.shape)
        detector._decode(outputs, folder.model, tensor.shape)
        return detector

    def looks_at(self, width: int, height: int, short_size: int | None = None) -> FrameSize:
        """Width and height at the network input of a frame of ``width`` x ``height`` pixels."""
        return network_size(width, height, self.model.input, short_size)

    def detect(self, frame: Frame, short_size: int | None = None, *, sent: FrameSize | None = None) -> Detections:
        """Detect in a frame; boxes are in pixels of the frame as sent, clipped at its edges.

        Args:
            frame: (height, width, 3) uint8 BGR.
            short_size: short side at the network input instead of the model's own.
            sent: width and height of the frame as sent, where it was decoded with fewer pixels.
        """
        width, height = sent or (frame.shape[1], frame.shape[0])
        with stage("preprocess"):
            prepared = network_input(frame, self.model.input, short_size, sent=sent)
        outputs = self._engine.run(prepared.tensor)
        with stage("postprocess"):
            found = self._decode(outputs, self.model, prepared.tensor.shape)
            return found.in_frame(scale_x=prepared.scale_x, scale_y=prepared.scale_y, width=width, height=height)
