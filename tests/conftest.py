"""Fixtures that several folders share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from workbench.template.rendered_template import synthesize

# gunicorn.conf.py says why; MXNet reads it when it is imported.
os.environ["MXNET_SUBGRAPH_BACKEND"] = "NONE"
REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def testdata() -> Path:
    """Real weights and frames, which are not part of the project."""
    folder = Path(os.environ.get("IPC_TESTDATA", REPOSITORY.parent / "shared" / "testdata"))
    if not folder.is_dir():
        pytest.skip("needs real weights and frames: set IPC_TESTDATA to their folder")
    return folder


@pytest.fixture(scope="session")
def photograph() -> Path:
    """A photograph of one person, face near [176, 81, 273, 178], that an installed package ships."""
    import skimage

    return Path(skimage.__file__).parent / "data" / "astronaut.png"


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """The template as ``cdk synth`` writes it."""
    return synthesize()


@pytest.fixture
def red_square_frame() -> npt.NDArray[np.uint8]:
    """416 x 416 grey BGR with a pure red square at [128, 224, 192, 288]."""
    frame = np.full((416, 416, 3), 128, np.uint8)
    frame[224:288, 128:192] = (0, 0, 255)
    return frame
