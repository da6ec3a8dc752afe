"""Folders of the repository that verbs read and write."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
CATALOGUE = REPOSITORY / "catalogue"
SERVING_PROGRAM = REPOSITORY / "containers" / "inference"
SERVING_SOURCES = SERVING_PROGRAM / "serving"
MODEL_STORE = SERVING_PROGRAM / "models"
OUTPUT = REPOSITORY / "out"
CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


def command() -> str:
    """The command ``ipc-ai`` of this environment, as a shell in the working directory finds it."""
    program = Path(sys.executable).with_name("ipc-ai")
    if (found := shutil.which(program.name)) and Path(found).resolve() == program.resolve():
        return program.name
    near = os.path.relpath(program)
    return str(program) if near.startswith(os.pardir) or os.sep not in near else near


def photograph() -> Path:
    """Path of a photograph of a person that an installed package ships."""
    import skimage

    return Path(skimage.__file__).parent / "data" / "astronaut.png"
