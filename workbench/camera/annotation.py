"""Draw bounding boxes, classes and scores onto the frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from workbench import serving_program
from workbench.camera.class_colours import Colour, colours, text_on
from workbench.camera.report import Finding
from workbench.errors import WorkbenchError

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BLACK = (0, 0, 0)


def require_format(output: Path) -> None:
    """Check that a picture can be written under a name, before a frame is sent for it.

    Raises:
        WorkbenchError: its ending names no format.
    """
    if not cv2.haveImageWriter(output.name):
        raise WorkbenchError(f"cannot write {output}: name a file that ends in .png or .jpg")


def annotate(frame: Path, found: Sequence[Finding], output: Path) -> None:
    """Write ``frame`` with every box, its class and score, in one colour a class; classes of the whole stand below.

    Args:
        frame: an image file.
        found: the best first, with boxes in pixels of the frame.
        output: a .png or .jpg file; its folder is made.

    Raises:
        WorkbenchError: the frame cannot be read, or the picture not written.
    """
    picture = drawn(displayed(frame), found, colours([finding.name for finding in found]))
    require_format(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(output), picture):
        raise WorkbenchError(f"cannot write {output}: name another file")


def drawn(picture: cv2.typing.MatLike, found: Sequence[Finding], drawn_in: Mapping[str, Colour]) -> cv2.typing.MatLike:
    """Draw every box, its class and score onto a picture, and return it with the classes of the whole below it.

    Args:
        picture: (height, width, 3) uint8 BGR; it is drawn on.
        found: the best first, with boxes in pixels of the picture.
        drawn_in: colours of their classes.
    """
    scale = max(picture.shape[:2]) / 1000
    thickness = max(2, round(2 * scale))
    size, stroke = max(0.5, 0.8 * scale), max(1, thickness // 2)
    for _, box, name in reversed(found):  # so that the best lies on top
        if box is not None:
            x_min, y_min, x_max, y_max = (round(edge) for edge in box)
            cv2.rectangle(picture, (x_min, y_min), (x_max, y_max), drawn_in[name], thickness)
    labels = _Labels(picture, size=size, stroke=stroke)
    below = []
    for score, box, name in found:
        if box is None:
            below.append(_line(f"{name} {score:.2f}".strip(), picture.shape[1], size=size, stroke=stroke))
        else:
            labels.add(name, f"{score:.2f}", box, drawn_in[name])
    return np.vstack([picture, *below])


def displayed(frame: Path) -> cv2.typing.MatLike:
    """Decode the frame as the serving program does, so that its boxes fit however the file says to turn it."""
    serving_program.make_importable()
    from ipc_ai_serving.errors import ClientError
    from ipc_ai_serving.frames import frame_reader

    try:
        return frame_reader().of_image(frame.read_bytes()).frames[0]
    except (OSError, ClientError) as error:
        raise WorkbenchError(f"cannot read {frame} as an image: {error}") from error


class _Labels:
    """Labels of boxes, none of which hides another: one without room is left out, and its box keeps its colour."""

    def __init__(self, picture: cv2.typing.MatLike, *, size: float, stroke: int) -> None:
        self._picture, self._size, self._stroke = picture, size, stroke
        self._taken: list[tuple[int, int, int, int]] = []

    def add(self, name: str, score: str, box: Sequence[float], colour: Colour) -> None:
        """Write on a ground of the class's colour above the box, or inside it, or below it."""
        text = self._fitting(_drawable(name), score)
        (width, height), baseline = cv2.getTextSize(text, _FONT, self._size, self._stroke)
        rows = height + baseline
        left = max(0, min(round(box[0]), self._picture.shape[1] - width))
        for top in (max(0, round(box[1]) - rows), round(box[1]), round(box[3])):
            place = (left, top, left + width, top + rows)
            if top + rows <= self._picture.shape[0] and not any(_overlap(place, other) for other in self._taken):
                self._taken.append(place)
                cv2.rectangle(self._picture, place[:2], place[2:], colour, cv2.FILLED)
                where = (left, top + height)
                cv2.putText(self._picture, text, where, _FONT, self._size, text_on(colour), self._stroke, cv2.LINE_AA)
                return

    def _fitting(self, name: str, score: str) -> str:
        """Text of a label, its name cut where both are wider than the picture, so that the score is seen."""
        kept, text = name, f"{name} {score}".strip()
        while kept and cv2.getTextSize(text, _FONT, self._size, self._stroke)[0][0] > self._picture.shape[1]:
            kept = kept[:-1]
            text = f"{kept}.. {score}" if kept else score
        return text


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _line(text: str, width: int, *, size: float, stroke: int) -> cv2.typing.MatLike:
    """Line of black text on white, as wide as the picture; smaller where it would not fit."""
    text = _drawable(text)
    needed = cv2.getTextSize(text, _FONT, size, stroke)[0][0]
    size *= min(1.0, width / max(1, needed))
    (_, height), baseline = cv2.getTextSize(text, _FONT, size, stroke)
    line = np.full((height + 2 * baseline, width, 3), 255, np.uint8)
    cv2.putText(line, text, (0, height + baseline // 2), _FONT, size, _BLACK, stroke, cv2.LINE_AA)
    return line


def _drawable(text: str) -> str:
    """Text without the characters that OpenCV's font lacks."""
    return text.encode("ascii", "replace").decode()
