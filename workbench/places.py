"""Folders of the repository that verbs read and write."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
CATALOGUE = REPOSITORY / "catalogue"
SERVING_PROGRAM = REPOSITORY / "containers" / "inference"
SERVING_SOURCES = SERVING_PROGRAM / "serving"
SERVING_ENVIRONMENT = REPOSITORY / ".venv" / "serving"
MODEL_STORE = SERVING_PROGRAM / "models"
OUTPUT = REPOSITORY / "out"
CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"


def photograph() -> Path:
    """Path of a photograph of a person that an installed package ships."""
    import skimage

    return Path(skimage.__file__).parent / "data" / "astronaut.png"
