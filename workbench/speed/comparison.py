"""One face against ten: the product's comparison beside embedding source and target one pair at a time.

``python -m workbench.speed.comparison DETECTOR+EMBEDDER STORE ROUNDS`` prints milliseconds as JSON.

Both sides get the same faces, found once, and embed them with the same model. The plain one loads the model's file as
it is, with ONNX Runtime, or with dlib where it is dlib's, and aligns and embeds the source's face and a target's on
one thread, ten times, which is what comparing two faces again and again does. The product does what a request does that
is alone: it embeds the source once, or knows it from a request before, and the targets together, with the threads that
the server chooses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import FACE_COMPARISON
from workbench import places, serving_program
from workbench.errors import BenchError

if TYPE_CHECKING:
    from ipc_ai_serving.engines import Engine
    from ipc_ai_serving.model_folder import ModelFolder
    from ipc_ai_serving.models.embedder import Embedder

TARGETS = 10
_MIN_CONFIDENCE = 0.5
_ENOUGH_SECONDS = 30


@dataclass(frozen=True)
class Comparison:
    """Milliseconds of each round. Slow pairs have fewer rounds.

    Attributes:
        ours: the product's embeddings of the source and the targets.
        known: those of the targets alone, the source known from a request before.
        plain: one pair after the other.
    """

    ours: list[float]
    known: list[float]
    plain: list[float]


def run(pair: str, store: Path, *, rounds: int) -> Comparison:
    """Measure a pair in a process of its own.

    Raises:
        BenchError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "workbench.speed.comparison", pair, str(store), str(rounds)],
        stdout=subprocess.PIPE,
        cwd=places.REPOSITORY,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MXNET_SUBGRAPH_BACKEND": "NONE"},
        check=False,
    )
    if done.returncode:
        raise BenchError(f"comparing with {pair} failed; what it said stands above")
    return Comparison(**json.loads(done.stdout))


def _rounds(pair: str, store: Path, count: int) -> Iterator[tuple[float, float, float]]:
    import cv2
    import numpy as np
    import numpy.typing as npt

    from ipc_ai_serving.applications.face_comparison import FaceModels
    from ipc_ai_serving.model_folder import find
    from ipc_ai_serving.models.detector import Detector
    from ipc_ai_serving.models.embedder import Embedder
    from ipc_ai_serving.scheduling import traffic
    from ipc_ai_serving.scheduling.parallelism import fitted
    from ipc_ai_serving.settings import Settings

    cv2.setNumThreads(1)
    detector, embedder = (
        find(name, FACE_COMPARISON, model_dir=store, model_store=store, catalogue=catalogue.load())
        for name in pair.split("+")
    )
    environment = {"APPLICATION_TYPE": FACE_COMPARISON, "MODEL_NAME": pair, "MODEL_STORE": str(store)}
    threads = fitted(Settings.from_environment(environment)).engine_threads
    faces = Detector.load(detector, threads=1)
    models = FaceModels(faces, Embedder.load(embedder, threads=threads))
    singly = FaceModels(faces, _plain(embedder))
    photograph = cv2.imread(str(places.photograph())).astype(np.uint8, copy=False)
    crowd = np.tile(photograph, (2, TARGETS // 2, 1))
    encoded = cv2.imencode(".png", photograph)[1].tobytes()
    limit = crowd.shape[0] * crowd.shape[1]
    source, targets = (models.faces(image, _MIN_CONFIDENCE) for image in (photograph, crowd))
    if len(source.scores) != 1 or len(targets.scores) != TARGETS:
        raise BenchError(f"{pair} finds {len(source.scores)} and {len(targets.scores)} faces, not 1 and {TARGETS}")

    def ours() -> npt.NDArray[np.float32]:
        with traffic.request():
            (wanted,) = models.embeddings(photograph, source)
            similarities: npt.NDArray[np.float32] = models.embeddings(crowd, targets) @ wanted
        return similarities

    def known() -> npt.NDArray[np.float32]:
        with traffic.request():
            wanted = models.source(encoded, min_confidence=_MIN_CONFIDENCE, max_pixels=limit).embedding
            assert wanted is not None
            similarities: npt.NDArray[np.float32] = models.embeddings(crowd, targets) @ wanted
        return similarities

    def plain() -> npt.NDArray[np.float32]:
        similarities = []
        for number in range(TARGETS):
            (wanted,) = singly.embeddings(photograph, source)
            (target,) = singly.embeddings(crowd, targets.take(np.array([number])))
            similarities.append(target @ wanted)
        return np.array(similarities, np.float32)

    if not all(np.allclose(each(), plain(), atol=1e-4) for each in (ours, known)):
        raise BenchError(f"{pair} answers differently one pair at a time")
    began = time.monotonic()
    for number in range(count):
        if number and time.monotonic() - began > _ENOUGH_SECONDS:
            return
        yield _milliseconds(ours), _milliseconds(known), _milliseconds(plain)


def _plain(folder: ModelFolder) -> Embedder:
    """An embedder on one thread, of the model's file as it is."""
    from ipc_ai_serving.engines import SharedEngine
    from ipc_ai_serving.engines.onnxruntime.engine import OnnxRuntimeEngine
    from ipc_ai_serving.models.embedder import Embedder

    model = folder.model
    if model.engine == "embedded":
        return Embedder(model, SharedEngine(_dlib()))
    path = folder.files["onnx"]
    engine = OnnxRuntimeEngine(path, name=path.name, input_name=model.input.tensor, threads=1)
    return Embedder(model, SharedEngine(engine))


def _dlib() -> Engine:
    """The network of dlib as dlib computes it."""
    import dlib
    import numpy as np
    import numpy.typing as npt

    from ipc_ai_serving.engines import Engine, Outputs
    from ipc_ai_serving.engines.embedded import engine as embedded

    class Dlib(Engine):
        def __init__(self) -> None:
            self._network = dlib.face_recognition_model_v1(str(embedded.weights(embedded.FACE_EMBEDDING)))

        def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
            faces = tensor.transpose(0, 2, 3, 1).astype(np.uint8)
            vectors = [self._network.compute_face_descriptor(np.ascontiguousarray(face)) for face in faces]
            return {"embedding": np.array(vectors, np.float32)}

    return Dlib()


def _milliseconds(measured: Callable[[], object]) -> float:
    start = time.perf_counter()
    measured()
    return 1000 * (time.perf_counter() - start)


def _main(pair: str, store: str, count: str) -> None:
    serving_program.make_importable()
    columns = zip(*_rounds(pair, Path(store), int(count)), strict=True)
    print(json.dumps(dict(zip(("ours", "known", "plain"), columns, strict=True))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
