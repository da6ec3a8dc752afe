"""Real frames without a download, as arrays and as input tensors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ipc_ai_catalogue import ModelInput
from workbench import places, serving_program

Frame = npt.NDArray[np.uint8]


def frame() -> Frame:
    """Photograph of a person from an installed package, (512, 512, 3) uint8 BGR."""
    # Pillow ignores the colour profile, about which OpenCV prints a warning.
    with Image.open(places.photograph()) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def prepared(spec: ModelInput) -> npt.NDArray[np.float32]:
    """Photograph as (1, 3, height, width) float32, prepared as in the container."""
    serving_program.make_importable()
    from ipc_ai_serving.vision.preprocessing import network_input

    return network_input(frame(), spec).tensor
