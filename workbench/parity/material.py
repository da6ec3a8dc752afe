"""Frames to compare with, and the environment of the exporters."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from workbench import places
from workbench.errors import ParityError
from workbench.parity import answers
from workbench.parity.answers import Exported
from workbench.parity.kinds import Kind

PYTHON = places.REPOSITORY / ".venv/parity/bin/python"
_FRAMES = (
    "reference/biking.jpg",
    "coco/000000000785.jpg",
    "coco/000000196141.jpg",
    "pennfudan/PennPed00080.png",
)
_LAST_LINES = 3


def frames() -> list[Path]:
    """Find real frames: those of ``IPC_TESTDATA``, else a photograph and the project's own test picture."""
    testdata = os.environ.get("IPC_TESTDATA")
    named = [Path(testdata).resolve() / "images" / name for name in _FRAMES] if testdata else []
    found = [path for path in named if path.is_file()]
    return found or [places.photograph(), places.REPOSITORY / "docs/images/test-frame.jpg"]


def export(kind: Kind, folder: Path, *, python: Path) -> Exported:
    """Have the kind's exporter write its model and its answers into ``folder``.

    Raises:
        ParityError: the environment of the exporters is not there, or the exporter failed.
    """
    if not python.is_file():
        raise ParityError(f"{python} is not there; `make parity` makes the exporters' environment")
    folder.mkdir(parents=True)
    command = [python, "-m", "workbench.parity.exporters", kind.exporter, kind.name, folder, *frames()]
    finished = subprocess.run(
        [str(word) for word in command], cwd=places.REPOSITORY, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        said = " / ".join(finished.stderr.strip().splitlines()[-_LAST_LINES:])
        raise ParityError(f"the exporter of {kind.name} failed: {said}")
    return answers.read(folder)
