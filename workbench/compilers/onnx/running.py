"""Inference over frames through the container's own code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CLASSIFIER, EMBEDDER
from ipc_ai_serving import model_folder
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.model_folder import ModelFolder
from ipc_ai_serving.models.classifier import Classifier, Scores
from ipc_ai_serving.models.detector import Detector
from ipc_ai_serving.models.embedder import Embedder, Embeddings
from ipc_ai_serving.vision.detections import Detections
from ipc_ai_serving.vision.preprocessing import network_input
from workbench import typed
from workbench.compilers import older_layout
from workbench.compilers.onnx import parity
from workbench.compilers.onnx.frames import NamedFrame
from workbench.compilers.onnx.parity import FrameParity, Tolerance
from workbench.errors import CompileError
from workbench.store.model_folder import DESCRIPTION

_LANDMARKS_BY = "dlib_frontal_face"  # ships in a wheel, so the proof of an embedder needs no other download


class Runner(Protocol):
    """Model that answers for frames, and compares its answers with another's."""

    def tensors(self, frames: Sequence[NamedFrame]) -> list[npt.NDArray[np.float32]]:
        """Input tensors of its network, one for each frame."""
        ...

    def compared(self, other: Runner, frame: NamedFrame, tolerance: Tolerance) -> FrameParity:
        """Compare its answer for a frame with the other's."""
        ...


class DetectorRunner:
    """Runner of a detector."""

    def __init__(self, folder: ModelFolder, *, threads: int) -> None:
        self._spec = folder.model.input
        self._detector = Detector.load(folder, threads=threads)
        self.classes = self._detector.classes

    def detect(self, frame: NamedFrame) -> Detections:
        """Detections in pixels of the frame."""
        return self._detector.detect(frame.frame)

    def names_of(self, found: Detections) -> list[str]:
        """Names of the detections' classes."""
        return self.classes.names_of(found.classes, len(found.scores))

    def tensors(self, frames: Sequence[NamedFrame]) -> list[npt.NDArray[np.float32]]:
        """Input tensors of its network, one for each frame."""
        return [network_input(frame.frame, self._spec).tensor for frame in frames]

    def compared(self, other: Runner, frame: NamedFrame, tolerance: Tolerance) -> FrameParity:
        """Compare its detections with the other's."""
        assert isinstance(other, DetectorRunner)
        return parity.of_detections(frame.name, self.detect(frame), other.detect(frame), tolerance)


class ClassifierRunner:
    """Runner of a classifier."""

    def __init__(self, folder: ModelFolder, *, threads: int) -> None:
        self._spec = folder.model.input
        self._classifier = Classifier.load(folder, threads=threads)

    def scores(self, frame: NamedFrame) -> Scores:
        """Scores of all classes for a frame, (classes,) float32 in 0..1."""
        return self._classifier.scores(frame.frame)

    def tensors(self, frames: Sequence[NamedFrame]) -> list[npt.NDArray[np.float32]]:
        """Input tensors of its network, one for each frame."""
        return [network_input(frame.frame, self._spec).tensor for frame in frames]

    def compared(self, other: Runner, frame: NamedFrame, tolerance: Tolerance) -> FrameParity:
        """Compare its scores with the other's."""
        assert isinstance(other, ClassifierRunner)
        return parity.of_scores(frame.name, self.scores(frame), other.scores(frame), tolerance)


class EmbedderRunner:
    """Runner of an embedder, over the faces that dlib finds."""

    def __init__(self, folder: ModelFolder, *, threads: int) -> None:
        self._embedder = Embedder.load(folder, threads=threads)
        self._faces = Detector.load(ModelFolder(catalogue.load().model(_LANDMARKS_BY), {}), threads=threads)

    def tensors(self, frames: Sequence[NamedFrame]) -> list[npt.NDArray[np.float32]]:
        """Input tensor of every face in the frames."""
        found = [(frame.frame, self._landmarks(frame)) for frame in frames]
        return [
            tensor
            for frame, landmarks in found
            for tensor in map(self._embedder.tensor_of(frame, landmarks), range(len(landmarks)))
        ]

    def compared(self, other: Runner, frame: NamedFrame, tolerance: Tolerance) -> FrameParity:  # noqa: ARG002 (as of detectors)
        """Compare its embeddings with the other's of the same faces."""
        return parity.of_embeddings(frame.name, *self.both(other, frame))

    def both(self, other: Runner, frame: NamedFrame) -> tuple[Embeddings, Embeddings]:
        """Its and the other's embeddings of the faces in a frame, each (faces, dimensions) float32 of length 1."""
        assert isinstance(other, EmbedderRunner)
        landmarks = self._landmarks(frame)
        return self._embedder.embed(frame.frame, landmarks), other._embedder.embed(frame.frame, landmarks)

    def _landmarks(self, frame: NamedFrame) -> npt.NDArray[np.float32]:
        found = self._faces.detect(frame.frame)
        assert found.landmarks is not None
        return found.landmarks


_RUNNERS: dict[str, type[DetectorRunner | ClassifierRunner | EmbedderRunner]] = {
    CLASSIFIER: ClassifierRunner,
    "detector": DetectorRunner,
    "face-detector": DetectorRunner,
    EMBEDDER: EmbedderRunner,
}


def load(folder: ModelFolder, *, threads: int) -> Runner:
    """Load a model as the container does.

    Raises:
        CompileError: it does not load.
    """
    try:
        return _RUNNERS[folder.model.role](folder, threads=threads)
    except ModelLoadError as error:
        raise CompileError(str(error)) from error


def find(named: str, store: Path, application: str | None = None) -> ModelFolder:
    """Find the model of a folder, with a ``model.json`` or of the older layout, or of a name of the catalogue.

    Args:
        named: the folder or the name.
        store: folder of model folders, for names.
        application: whose model, where a folder of the older layout has several.

    Raises:
        CompileError: there is none, or there are several.
        UnknownNameError: neither a folder nor a name of the catalogue.
    """
    known = catalogue.load()
    path = Path(named)
    if path.is_dir():
        if not (path / DESCRIPTION).is_file():
            return older_layout.find(path, application)
        names, folder = path.name, path
    elif path.is_file():
        raise CompileError(
            f"no {DESCRIPTION} beside {named} says how it is read (docs/models.md); add one, and name the folder"
        )
    elif "/" in named:
        raise CompileError(f"there is no folder {named}; name a model folder, or a model of docs/models.md")
    else:
        names, folder = known.model(named).name, store / named
    failures = []
    for application in known.applications:
        try:
            found = model_folder.find(names, application, model_dir=folder, model_store=store, catalogue=known)
        except ModelLoadError as error:
            failures.append(str(error))
            continue
        if found.files:
            return found
        if not found.model.all_files():
            raise CompileError(f"{names} ships inside an installed package and has nothing to compile")
    if path.is_dir():
        raise CompileError(failures[0])
    raise CompileError(
        f"{named} is not in {store}; run '{typed.fetch(named, store)}' first, or name the folder that "
        f"'{typed.command('export')}' wrote"
    )
