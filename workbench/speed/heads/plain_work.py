"""The work of a request written for one model alone, with OpenCV, Pillow and numpy, as its exporter's examples have it.

Nothing here is the product's: what the product costs beyond it is what it asks for being one program for all models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Answer = tuple[npt.NDArray[Any], ...]
Outputs = Mapping[str, npt.NDArray[Any]]
Work = Callable[[bytes], Answer]

_FLOOR = 0.01
_MOST, _MOST_OF_ONE_CLASS = 300, 100
_BEST = 5


def work(head: str, graph: Path) -> Work:
    """Load a graph of :mod:`workbench.speed.heads.networks`, on one thread.

    Returns:
        Function from a JPEG to boxes, scores and classes in the order of scores; of a classifier to classes and scores.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    prepare, answer = _KINDS[head]

    def answered(body: bytes) -> Answer:
        frame = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        assert frame is not None
        outputs = dict(zip(names, session.run(names, {given.name: prepare(frame)}), strict=True))
        return answer(outputs, frame.shape[1], frame.shape[0])

    return answered


def _letterbox_in_the_middle(frame: cv2.typing.MatLike) -> cv2.typing.MatLike:
    _, width, height = _fitting(frame.shape[1], frame.shape[0])
    small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    top, left = (640 - height) // 2, (640 - width) // 2
    boxed = cv2.copyMakeBorder(
        small, top, 640 - height - top, left, 640 - width - left, cv2.BORDER_CONSTANT, value=(114, 114, 114)
    )
    return cv2.dnn.blobFromImage(boxed, 1 / 255, swapRB=True)


def _letterbox_in_the_corner(frame: cv2.typing.MatLike) -> cv2.typing.MatLike:
    _, width, height = _fitting(frame.shape[1], frame.shape[0])
    boxed = np.zeros((640, 640, 3), np.uint8)
    boxed[:height, :width] = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.dnn.blobFromImage(boxed, 1 / 128, (640, 640), (127.5, 127.5, 127.5), swapRB=True)


def _fitting(width: int, height: int) -> tuple[float, int, int]:
    """Scale of a frame in 640 x 640 pixels, and its width and height there."""
    scale = min(640 / width, 640 / height)
    return scale, round(width * scale), round(height * scale)


def _stretched(frame: cv2.typing.MatLike) -> cv2.typing.MatLike:
    return cv2.dnn.blobFromImage(cv2.resize(frame, (320, 320)), 1 / 255, swapRB=True)


def _stretched_by_pillow(frame: cv2.typing.MatLike) -> cv2.typing.MatLike:
    from PIL import Image

    small = Image.fromarray(frame).resize((640, 640), Image.Resampling.BILINEAR)
    return cv2.dnn.blobFromImage(np.asarray(small), 1 / 255, swapRB=True)


def _cropped(frame: cv2.typing.MatLike) -> cv2.typing.MatLike:
    from PIL import Image

    height, width = frame.shape[:2]
    size = (256, 256 * height // width) if width <= height else (256 * width // height, 256)
    small = np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))
    top, left = round((size[1] - 224) / 2), round((size[0] - 224) / 2)
    middle = small[top : top + 224, left : left + 224, ::-1].astype(np.float32)
    middle *= np.float32(1 / 255)
    middle -= np.array([0.485, 0.456, 0.406], np.float32)
    middle /= np.array([0.229, 0.224, 0.225], np.float32)
    return np.ascontiguousarray(middle.transpose(2, 0, 1)[None])


def _of_yolo(outputs: Outputs, width: int, height: int) -> Answer:
    rows = outputs["output0"][0].T
    scores = rows[:, 4:].max(axis=1)
    rows, scores = rows[scores >= _FLOOR], scores[scores >= _FLOOR]
    classes = rows[:, 4:].argmax(axis=1)
    boxes = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, 2:4]], axis=1)
    kept = cv2.dnn.NMSBoxesBatched(boxes.tolist(), scores.tolist(), classes.tolist(), _FLOOR, 0.7)
    order = np.asarray(kept, np.intp)[:_MOST]
    scale, new_width, new_height = _fitting(width, height)
    corners = np.concatenate([boxes[order, :2], boxes[order, :2] + boxes[order, 2:]], axis=1)
    corners -= np.array([(640 - new_width) // 2, (640 - new_height) // 2] * 2, np.float32)
    return _clipped(corners / scale, width, height), scores[order], classes[order]


def _of_detr(outputs: Outputs, width: int, height: int) -> Answer:
    scores = 1 / (1 + np.exp(-outputs["logits"][0]))
    flat = scores.reshape(-1)
    best = np.argpartition(-flat, _MOST)[:_MOST]
    best = best[np.argsort(-flat[best])]
    best = best[flat[best] >= _FLOOR]
    boxes = outputs["pred_boxes"][0][best // scores.shape[1]] * np.array([width, height] * 2, np.float32)
    half = boxes[:, 2:] / 2
    corners = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    return _clipped(corners, width, height), flat[best], best % scores.shape[1]


def _of_boxes(outputs: Outputs, width: int, height: int) -> Answer:
    kept = outputs["scores"] >= _FLOOR
    boxes = outputs["boxes"][kept] * np.array([width / 320, height / 320] * 2, np.float32)
    return _clipped(boxes, width, height), outputs["scores"][kept], outputs["labels"][kept]


def _of_scrfd(outputs: Outputs, width: int, height: int) -> Answer:
    found = []
    for stride in (8, 16, 32):
        scores = outputs[f"score_{stride}"][:, 0]
        chosen = np.flatnonzero(scores >= _FLOOR)
        cells = chosen // 2
        centres = np.stack([cells % (640 // stride), cells // (640 // stride)], axis=1) * np.float32(stride)
        sides = outputs[f"bbox_{stride}"][chosen] * stride
        points = centres[:, None] + outputs[f"kps_{stride}"][chosen].reshape(-1, 5, 2) * stride
        found.append((np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], axis=1), scores[chosen], points))
    boxes, scores, points = (np.concatenate(each) for each in zip(*found, strict=True))
    corners_and_sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(corners_and_sides.tolist(), scores.tolist(), _FLOOR, 0.4)
    order = np.asarray(kept, np.intp)[:_MOST_OF_ONE_CLASS]
    scale, _, _ = _fitting(width, height)
    return _clipped(boxes[order] / scale, width, height), scores[order], points[order] / scale


def _of_classifier(outputs: Outputs, _width: int, _height: int) -> Answer:
    (logits,) = outputs["logits"]
    powers = np.exp(logits - logits.max())
    best = np.argsort(-powers)[:_BEST]
    return best, (powers / powers.sum())[best]


def _clipped(corners: Floats, width: int, height: int) -> Floats:
    return np.clip(corners, 0, np.array([width, height] * 2, np.float32))


_KINDS: Mapping[
    str, tuple[Callable[[cv2.typing.MatLike], cv2.typing.MatLike], Callable[[Outputs, int, int], Answer]]
] = {
    "ultralytics": (_letterbox_in_the_middle, _of_yolo),
    "detr": (_stretched_by_pillow, _of_detr),
    "boxes": (_stretched, _of_boxes),
    "scrfd": (_letterbox_in_the_corner, _of_scrfd),
    "classes": (_cropped, _of_classifier),
}
