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
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from workbench import places, serving_program
from workbench.errors import BenchError

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


def run(application: str, folder: Path, frame: Path, *, seconds: float) -> BareLoop:
    """Run a process a core over one frame again and again.

    Raises:
        BenchError: one of them failed.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "workbench.speed.bare_loop", application, str(folder), str(frame), str(seconds)],
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

    def work_for(duration: float) -> tuple[int, float]:
        count, start = 0, time.perf_counter()
        while (passed := time.perf_counter() - start) < duration:
            decoded, sent = images.decode_for(body, max_pixels=64_000_000, needed=detector.looks_at)
            detector.detect(decoded, sent=sent)
            count += 1
        return count, passed

    work_for(_WARM_UP_SECONDS)
    used = time.process_time()
    frames, passed = work_for(float(seconds))
    print(json.dumps({"frames": frames, "seconds": passed, "processor_seconds": time.process_time() - used}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
