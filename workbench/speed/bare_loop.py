"""The same work without a server: decode, preprocess, forward pass, postprocess, one process a core, one thread each.

A frame is decoded with as little detail as the product decodes it with.

``python -m workbench.speed.bare_loop APPLICATION FOLDER FRAME SECONDS`` is one of these processes; it prints what it
saw as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from workbench import places, serving_program
from workbench.errors import BenchError

PRODUCTS_WORK = "workbench.speed.bare_loop"
_WARM_UP_SECONDS = 0.5


@dataclass(frozen=True)
class BareLoop:
    """Results of all processes together.

    Attributes:
        frames_per_second: of all processes.
        processor_seconds: processor time a frame.
    """

    frames_per_second: float
    processor_seconds: float


def run(kind: str, folder: Path, frame: Path, *, seconds: float, module: str = PRODUCTS_WORK) -> BareLoop:
    """Run a process a core over one frame again and again.

    Args:
        kind: the application, or what else ``module`` takes as its first word.
        folder: of the model.
        frame: an image's file.
        seconds: how long, after a warm-up.
        module: what each process runs; it calls :func:`report`.

    Raises:
        BenchError: one of them failed.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", module, kind, str(folder), str(frame), str(seconds)],
            stdout=subprocess.PIPE,
            cwd=places.REPOSITORY,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MXNET_SUBGRAPH_BACKEND": "NONE"},
            text=True,
        )
        for _ in range(serving_program.usable_cores())
    ]
    texts = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise BenchError(f"the bare loop over {folder.name} failed; what it said stands above")
    seen = [json.loads(text) for text in texts]
    frames = sum(each["frames"] for each in seen)
    return BareLoop(
        frames_per_second=sum(each["frames"] / each["seconds"] for each in seen),
        processor_seconds=sum(each["processor_seconds"] for each in seen) / frames,
    )


def report(work: Callable[[], object], *, seconds: float) -> None:
    """Work for so long, after a warm-up, and print what was seen."""
    _work_for(_WARM_UP_SECONDS, work)
    used = time.process_time()
    frames, passed = _work_for(seconds, work)
    print(json.dumps({"frames": frames, "seconds": passed, "processor_seconds": time.process_time() - used}))


def _work_for(seconds: float, work: Callable[[], object]) -> tuple[int, float]:
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        work()
        count += 1
    return count, passed


def _main(application: str, folder: str, frame: str, seconds: str) -> None:
    serving_program.make_importable()
    import cv2

    from ipc_ai_serving import images
    from ipc_ai_serving.model_folder import find
    from ipc_ai_serving.models.detector import Detector

    cv2.setNumThreads(1)
    store = Path(folder)
    found = find(store.name, application, model_dir=store, model_store=store.parent, catalogue=catalogue.load())
    detector = Detector.load(found, threads=1)
    body = Path(frame).read_bytes()

    def detected() -> object:
        decoded, sent = images.decode_for(body, max_pixels=64_000_000, needed=detector.looks_at)
        return detector.detect(decoded, sent=sent)

    report(detected, seconds=float(seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:])
