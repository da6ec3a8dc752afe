"""Accuracy lost by decoding with less detail, on labelled frames enlarged as if a larger camera had taken them.

``python -m workbench.speed.accuracy APPLICATION MODEL FOLDER LABELS`` prints recalls as JSON; :func:`run` calls it.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from workbench import places, serving_program
from workbench.errors import BenchError

ENLARGED = (2, 3, 4, 6)
_JPEG_QUALITY = 92


@dataclass(frozen=True)
class Recall:
    """Recall of a model over frames enlarged ``times``, decoded whole and with less detail.

    Attributes:
        times: sides of the frames in sides of the originals.
        labels: objects that people labelled.
        exact, reduced: share of them that was found with a score of 0.5 or more, at an IoU of 0.5.
        reduced_frames: how many frames were decoded with less detail.
    """

    times: int
    labels: int
    exact: float
    reduced: float
    reduced_frames: int


def run(application: str, model: str, folder: Path, labels: Path) -> list[Recall]:
    """The recalls of a model, in a process of its own.

    Raises:
        BenchError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "workbench.speed.accuracy", application, model, str(folder), str(labels)],
        stdout=subprocess.PIPE,
        cwd=places.REPOSITORY,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"measuring the accuracy of {model} failed; what it said stands above")
    return [Recall(**each) for each in json.loads(done.stdout)]


def _recalls(application: str, model: str, folder: Path, labels: Path) -> Iterator[Recall]:
    import cv2

    from ipc_ai_serving import images
    from ipc_ai_serving.model_folder import find
    from ipc_ai_serving.models.detector import Detector
    from workbench.compilers.onnx import accuracy, frames
    from workbench.compilers.onnx import labels as label_files

    found = find(model, application, model_dir=folder, model_store=folder, catalogue=catalogue.load())
    detector = Detector.load(found, threads=1)
    read = [(each.frame, label_files.of(each.path)) for each in frames.read([labels]) if each.path]
    labelled = [(frame, boxes) for frame, boxes in read if boxes is not None]
    for times in ENLARGED:
        exact, reduced, count = [], [], 0
        for frame, boxes in labelled:
            larger = cv2.resize(frame, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
            body = cv2.imencode(".jpg", larger, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
            limit = larger.shape[0] * larger.shape[1]
            exact.append((detector.detect(images.decode(body, max_pixels=limit)), boxes * times))
            needed = functools.partial(detector.looks_at, short_size=None)
            smaller, sent = images.decode_for(body, max_pixels=limit, needed=needed)
            reduced.append((detector.detect(smaller, sent=sent), boxes * times))
            count += smaller.shape[:2] != larger.shape[:2]
        both = accuracy.measure(exact), accuracy.measure(reduced)
        yield Recall(times, both[0].labels, both[0].recall, both[1].recall, count)


def _main(application: str, model: str, folder: str, labels: str) -> None:
    serving_program.make_importable()
    print(json.dumps([asdict(recall) for recall in _recalls(application, model, Path(folder), Path(labels))]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
