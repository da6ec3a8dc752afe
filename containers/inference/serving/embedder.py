"""An embedder: faces of a frame in, unit vectors out whose scalar product tells how alike two faces are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from catalogue import Model
from serving import engines
from serving.alignment import Points, align
from serving.engines import SharedEngine
from serving.images import Frame
from serving.model_folder import ModelFolder
from serving.preprocessing import Tensor, normalised
from serving.stages import stage

Embeddings = npt.NDArray[np.float32]


class Embedder:
    """Alignment, engine and normalisation of one model. Threads may share it."""

    def __init__(self, model: Model, engine: SharedEngine) -> None:
        self.model = model
        self._engine = engine

    @classmethod
    def load(cls, folder: ModelFolder, *, threads: int) -> Embedder:
        """Loads the model and runs it once, so that the first request does not pay for it.

        Raises:
            ModelLoadError: the model does not load.
        """
        embedder = cls(folder.model, engines.load(folder.model, folder.files, threads))
        size = folder.model.input.size
        embedder.embed(np.zeros((size, size, 3), np.uint8), np.full((2, 5, 2), size / 2, np.float32))
        return embedder

    def tensor(self, frame: Frame, landmarks: Points) -> Tensor:
        """What the network sees of a face.

        Args:
            frame: (height, width, 3) uint8 BGR.
            landmarks: (5, 2) float32 pixels of the frame.

        Returns:
            (1, 3, size, size) float32.
        """
        spec = self.model.input
        return normalised(align(frame, landmarks, self.model.head, spec.size), spec, spec.size, spec.size)

    def embed(self, frame: Frame, landmarks: Points) -> Embeddings:
        """Embeds all faces of a frame.

        Args:
            frame: (height, width, 3) uint8 BGR.
            landmarks: (N, 5, 2) float32 pixels of the frame.

        Returns:
            (N, dimensions) float32, every row of length 1.
        """
        if not len(landmarks):
            return np.zeros((0, self.model.dimensions or 0), np.float32)
        outputs = self._engine.run_each(len(landmarks), lambda number: self.tensor(frame, landmarks[number]))
        (vectors,) = outputs.values()
        with stage("postprocess"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            unit: Embeddings = vectors / np.maximum(lengths, np.finfo(np.float32).eps)
            return unit
