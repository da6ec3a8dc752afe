"""Draw bounding boxes and scores onto the frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from workbench import serving_program
from workbench.errors import WorkbenchError

_COLOUR = (60, 220, 60)  # BGR
_TEXT_COLOUR = (0, 0, 0)


def require_format(output: Path) -> None:
    """Check that a picture can be written under a name, before a frame is sent for it.

    Raises:
        WorkbenchError: its ending names no format.
    """
    if not cv2.haveImageWriter(output.name):
        raise WorkbenchError(f"cannot write {output}: name a file that ends in .png or .jpg")


def annotate(frame: Path, found: Sequence[tuple[float, Sequence[float]]], output: Path) -> None:
    """Write ``frame`` with every box and its score.

    Args:
        frame: an image file.
        found: score and x_min, y_min, x_max, y_max in pixels of the frame.
        output: a .png or .jpg file; its folder is made.

    Raises:
        WorkbenchError: the frame cannot be read, or the picture not written.
    """
    picture = displayed(frame)
    scale = max(picture.shape[:2]) / 1000
    thickness = max(2, round(2 * scale))
    for score, box in found:
        x_min, y_min, x_max, y_max = (round(edge) for edge in box)
        cv2.rectangle(picture, (x_min, y_min), (x_max, y_max), _COLOUR, thickness)
        _label(picture, f"{score:.2f}", x_min, y_min, size=max(0.5, 0.8 * scale), stroke=max(1, thickness // 2))
    require_format(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(output), picture):
        raise WorkbenchError(f"cannot write {output}: name another file")


def displayed(frame: Path) -> cv2.typing.MatLike:
    """Decodes the frame as the serving program does, so that its boxes fit however the file says to turn it."""
    serving_program.make_importable()
    from ipc_ai_serving.errors import ClientError
    from ipc_ai_serving.frames import frame_reader

    try:
        return frame_reader().of_image(frame.read_bytes()).frames[0]
    except (OSError, ClientError) as error:
        raise WorkbenchError(f"cannot read {frame} as an image: {error}") from error


def _label(picture: cv2.typing.MatLike, text: str, x: int, y: int, *, size: float, stroke: int) -> None:
    """Draw the score on a filled background above the box, or inside it where there is no room above."""
    (width, height), baseline = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, stroke)
    top = max(0, y - height - baseline)
    cv2.rectangle(picture, (x, top), (x + width, top + height + baseline), _COLOUR, cv2.FILLED)
    cv2.putText(
        picture,
        text,
        (x, top + height),
        cv2.FONT_HERSHEY_SIMPLEX,
        size,
        _TEXT_COLOUR,
        stroke,
        cv2.LINE_AA,
    )
