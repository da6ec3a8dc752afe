"""Frame quality: finds frames that are dark, over-exposed, obstructed or blurred.

The operator of a fleet learns from it which cameras need a visit: the lens is dirty, covered, turned away or out of
focus, or a lamp shines into it. It needs no weights. The functions are SageMaker's hooks; replace their bodies by
your own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from serving.frames import read_frames

_LONG_SIDE = 640  # pixels; all frames are measured at this size, so that results do not depend on resolution
_GRID = 8  # cells a side, each of which is checked for detail
Frame = npt.NDArray[Any]


@dataclass(frozen=True)
class Thresholds:
    """Limits beyond which a frame is reported. Tune them on frames of your own cameras.

    Attributes:
        dark: mean brightness below which a frame is dark. Night frames with infrared light are around 60 to 90.
        overexposed: share of pixels at the upper end (250 or more) above which a frame is over-exposed. Sky and lamps
            together seldom cover a third.
        flat: standard deviation of brightness below which a cell of the grid has no detail: sensor noise is 1 to 4.
        obstructed: share of cells without detail above which something covers the lens.
        blurred: variance of the Laplacian below which a frame is blurred. Sharp scenes have some hundreds; source:
            Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, 2000.
    """

    dark: float = 30.0
    overexposed: float = 0.4
    flat: float = 5.0
    obstructed: float = 0.8
    blurred: float = 60.0


@dataclass(frozen=True)
class Model:
    """State that is loaded once: the name that the operator chose, and the thresholds."""

    name: str
    thresholds: Thresholds


def model_fn(model_dir: str, context: Any) -> Model:  # noqa: ARG001
    """Load the model; one with weights reads them from ``model_dir``, where SageMaker unpacks model.tar.gz."""
    return Model(context.model_name, Thresholds())


def input_fn(body: bytes | str, content_type: str) -> list[Frame] | Frame:
    """Decode one frame, (height, width, 3) uint8 BGR, or a list of several.

    It takes the forms that the built-in applications take: an image, JSON with images in base64 under the keys of the
    API or of older containers, and JSON with S3 URIs. The client gets 4xx for anything else.
    """
    return read_frames(body, content_type)


def predict_fn(sent: list[Frame] | Frame, model: Model) -> dict[str, Any]:
    """Judge the frame, or each of several in the order sent."""
    if isinstance(sent, np.ndarray) and sent.ndim == 3:
        return _judged(sent, model)
    return {"results": [_judged(frame, model) for frame in sent]}


# There is no output_fn: SageMaker's default writes the dictionary as JSON.


def _judged(frame: Frame, model: Model) -> dict[str, Any]:
    """Measure a frame and list its problems; a good frame has none."""
    measures = _measures(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), model.thresholds)
    return {
        "model": model.name,
        "width": frame.shape[1],
        "height": frame.shape[0],
        **{name: round(value, 3) for name, value in asdict(measures).items()},
        "problems": _problems(measures, model.thresholds),
    }


@dataclass(frozen=True)
class _Measures:
    """Brightness and contrast from 0 to 255, sharpness as a variance, shares from 0 to 1."""

    brightness: float
    contrast: float
    sharpness: float
    overexposed_share: float
    flat_share: float


def _measures(frame: Frame, thresholds: Thresholds) -> _Measures:
    scale = _LONG_SIDE / max(frame.shape)
    size = [max(_GRID, round(side * scale)) for side in frame.shape[::-1]]
    grey = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    cells = [cell for row in np.array_split(grey, _GRID) for cell in np.array_split(row, _GRID, axis=1)]
    return _Measures(
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        overexposed_share=float((grey >= 250).mean()),
        flat_share=float(np.mean([cell.std() < thresholds.flat for cell in cells])),
    )


def _problems(measures: _Measures, thresholds: Thresholds) -> list[str]:
    """Judge light first, because the rest cannot be judged without it. A covered lens shows no detail, sharp or not."""
    light = {
        "dark": measures.brightness < thresholds.dark,
        "overexposed": measures.overexposed_share > thresholds.overexposed,
    }
    view = {
        "obstructed": measures.flat_share > thresholds.obstructed,
        "blurred": measures.sharpness < thresholds.blurred,
    }
    return [name for name, found in light.items() if found] or [name for name, found in view.items() if found][:1]
