"""A detector: frame in, boxes in pixels of that frame out."""

from __future__ import annotations

import numpy as np

from catalogue import Model
from serving import engines
from serving.detections import Detections
from serving.engines import Engine
from serving.heads import head
from serving.images import Frame
from serving.model_folder import ModelFolder
from serving.preprocessing import network_input
from serving.stages import stage


class Detector:
    """Preprocessing, engine and head of one model. Not thread-safe."""

    def __init__(self, model: Model, engine: Engine) -> None:
        self.model = model
        self._engine = engine
        self._decode = head(model.head)

    @classmethod
    def load(cls, folder: ModelFolder, *, threads: int) -> Detector:
        """Loads the model and runs it once, so that the first request does not pay for it.

        Raises:
            ModelLoadError: the model does not load.
        """
        detector = cls(folder.model, engines.load(folder.model, folder.files, threads))
        detector.detect(np.zeros((480, 640, 3), np.uint8))
        return detector

    def detect(self, frame: Frame, short_size: int | None = None) -> Detections:
        """Detections in pixels of ``frame``, (height, width, 3) uint8 BGR, cut at its edges."""
        height, width = frame.shape[:2]
        with stage("preprocess"):
            prepared = network_input(frame, self.model.input, short_size)
        with stage("infer"):
            outputs = self._engine.run(prepared.tensor)
        with stage("postprocess"):
            found = self._decode(outputs, self.model, prepared.tensor.shape)
            return found.in_frame(scale_x=prepared.scale_x, scale_y=prepared.scale_y, width=width, height=height)
