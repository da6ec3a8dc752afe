"""An embedder: faces of a frame in, unit vectors out. The scalar product of two is their similarity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving import engines
from ipc_ai_serving.engines import Outputs, SharedEngine, TensorOf
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.images import Frame
from ipc_ai_serving.model_folder import ModelFolder
from ipc_ai_serving.scheduling.stages import stage
from ipc_ai_serving.vision.alignment import Points, cut_out, placements
from ipc_ai_serving.vision.preprocessing import Tensor, normalised

Embeddings = npt.NDArray[np.float32]


class Embedder:
    """Alignment, engine and normalisation of one model. Threads may share it."""

    def __init__(self, model: Model, engine: SharedEngine) -> None:
        self.model = model
        self._engine = engine

    @classmethod
    def load(cls, folder: ModelFolder, *, threads: int) -> Embedder:
        """Load the model and run it once, so that the first request does not pay for it.

        Raises:
            ModelLoadError: the model does not load, or its outputs are no embeddings.
        """
        embedder = cls(folder.model, engines.load(folder.model, folder.files, threads))
        size = folder.model.input.size
        faces = np.full((2, 5, 2), size / 2, np.float32)
        _check(embedder._run(np.zeros((size, size, 3), np.uint8), faces), len(faces), folder.model.dimensions)
        return embedder

    def tensor_of(self, frame: Frame, landmarks: Points) -> TensorOf:
        """Prepare the tensors of all faces, each of which is made when it is needed.

        Args:
            frame: (height, width, 3) uint8 BGR.
            landmarks: (N, 5, 2) float32 pixels of the frame.

        Returns:
            Function from the number of a face, counted from 0, to its float32 tensor, (1, 3, size, size), or
            (1, size, size, 3) where the network takes that.
        """
        spec = self.model.input
        places = placements(landmarks, self.model.head, spec.size)

        def tensor(number: int) -> Tensor:
            planes = normalised(cut_out(frame, places[number], spec.size), spec, spec.size, spec.size)
            return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)) if spec.layout == "NHWC" else planes

        return tensor

    def embed(self, frame: Frame, landmarks: Points) -> Embeddings:
        """Embed all faces of a frame.

        Args:
            frame: (height, width, 3) uint8 BGR.
            landmarks: (N, 5, 2) float32 pixels of the frame.

        Returns:
            (N, dimensions) float32, every row of length 1.
        """
        if not len(landmarks):
            return np.zeros((0, self.model.dimensions or 0), np.float32)
        (vectors,) = self._run(frame, landmarks).values()
        with stage("postprocess"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            unit: Embeddings = vectors / np.maximum(lengths, np.finfo(np.float32).eps)
            return unit

    def _run(self, frame: Frame, landmarks: Points) -> Outputs:
        return self._engine.run_each(len(landmarks), self.tensor_of(frame, landmarks))


def _check(outputs: Outputs, faces: int, dimensions: int | None) -> None:
    """Check the outputs of a first run.

    Raises:
        ModelLoadError: they are not one vector a face of as many numbers as ``model.json`` says.
    """
    shapes = [np.shape(output) for output in outputs.values()]
    expected = (faces, dimensions or (shapes[0][-1] if shapes else 0))
    if shapes != [expected]:
        raise ModelLoadError(
            f"the network is no embedder of faces: its outputs for {faces} faces are "
            f"{', '.join(map(str, shapes))}; expected is one of {expected}, a vector a face"
        )
    if not all(np.isfinite(output).all() for output in outputs.values()):
        raise ModelLoadError("the network's vector of a black face has values that are no numbers")
