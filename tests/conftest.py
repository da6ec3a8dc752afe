"""Fixtures that several folders share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck

from workbench.template.rendered_template import synthesize

# MXNet reads it at import; the reason is in gunicorn.conf.py.
os.environ["MXNET_SUBGRAPH_BACKEND"] = "NONE"
REPOSITORY = Path(__file__).resolve().parent.parent
# Neighbours on the machine make any example slow now and then; no test is about its own time.
hypothesis.settings.register_profile("no-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("no-clock")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that take the template, so that ``make unit`` leaves them out."""
    for item in items:
        if "template" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.synth)


@pytest.fixture(scope="session")
def testdata() -> Path:
    """Real weights and frames, which are not part of the project."""
    folder = Path(os.environ.get("IPC_TESTDATA", REPOSITORY.parent / "shared" / "testdata"))
    if not folder.is_dir():
        pytest.skip("needs real weights and frames: set IPC_TESTDATA to their folder")
    return folder


@pytest.fixture(scope="session")
def photograph() -> Path:
    """Photograph of one person from an installed package, with the face near [176, 81, 273, 178]."""
    import skimage

    return Path(skimage.__file__).parent / "data" / "astronaut.png"


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Template from ``cdk synth``."""
    return synthesize()


@pytest.fixture
def red_square_frame() -> npt.NDArray[np.uint8]:
    """Frame of 416 x 416 grey BGR with a pure red square at [128, 224, 192, 288]."""
    frame = np.full((416, 416, 3), 128, np.uint8)
    frame[224:288, 128:192] = (0, 0, 255)
    return frame
