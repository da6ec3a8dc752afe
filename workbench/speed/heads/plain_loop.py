"""The plain work of a head again and again: one process a core, one thread each, no server.

``python -m workbench.speed.heads.plain_loop HEAD FOLDER FRAME SECONDS`` is one of these processes; it prints what it
saw as JSON.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workbench import serving_program
from workbench.speed import bare_loop


def _main(head: str, folder: str, frame: str, seconds: str) -> None:
    serving_program.make_importable()  # for Pillow and ONNX Runtime of the image
    import cv2

    from workbench.speed.heads import plain_work

    cv2.setNumThreads(1)
    answered = plain_work.work(head, Path(folder) / "model.onnx")
    body = Path(frame).read_bytes()
    bare_loop.report(lambda: answered(body), seconds=float(seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:])
