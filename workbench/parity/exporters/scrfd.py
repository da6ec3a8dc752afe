"""SCRFD: the outputs and their order of ``scrfd2onnx.py``; answers as InsightFace's ``model_zoo/scrfd.py`` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
from torch import nn

from workbench.parity.exporters import frames, random_networks, written

SIZE = 320
_STRIDES = (8, 16, 32)
_ANCHORS = 2
_THRESHOLD, _IOU = 0.15, 0.4
_EXPORTER = "SCRFD's layout, InsightFace's decoding"


def _block(before: int, after: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


class _Scrfd(nn.Module):
    """Three levels, each with scores, distances and landmarks of two anchors."""

    def __init__(self, *, as_maps: bool) -> None:
        super().__init__()
        self.as_maps = as_maps
        self.stem = nn.Sequential(_block(3, 16, 2), _block(16, 24, 2), _block(24, 32, 1))
        self.levels = nn.ModuleList([_block(32, 48, 2), _block(48, 64, 2), _block(64, 96, 2)])
        widths = (48, 64, 96)
        self.scores = nn.ModuleList(nn.Conv2d(width, _ANCHORS, 3, 1, 1) for width in widths)
        self.distances = nn.ModuleList(nn.Conv2d(width, _ANCHORS * 4, 3, 1, 1) for width in widths)
        self.landmarks = nn.ModuleList(nn.Conv2d(width, _ANCHORS * 10, 3, 1, 1) for width in widths)

    def forward(self, frame: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return three outputs of scores, three of distances and three of landmarks, in strides."""
        level, levels = self.stem(frame), []
        for block in self.levels:
            level = block(level)
            levels.append(level)
        scores = [head(level).sigmoid() for head, level in zip(self.scores, levels, strict=True)]
        distances = [head(level) for head, level in zip(self.distances, levels, strict=True)]
        landmarks = [head(level) for head, level in zip(self.landmarks, levels, strict=True)]
        return tuple(
            self._shaped(output, numbers)
            for outputs, numbers in ((scores, 1), (distances, 4), (landmarks, 10))
            for output in outputs
        )

    def _shaped(self, output: torch.Tensor, numbers: int) -> torch.Tensor:
        return output if self.as_maps else output.permute(2, 3, 0, 1).reshape(-1, numbers)


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export one variant and answer the frames."""
    session = save(folder / f"{kind}.onnx", paths, as_maps=kind == "scrfd-maps")
    answers = []
    for path in paths:
        height, width = frames.bgr(path).shape[:2]
        faces = detect(session, path, _THRESHOLD)[0]
        answers.append(
            (path, [written.entry("face", face[4], written.shown(width, height, face[:4])) for face in faces.tolist()])
        )
    written.write(folder, model=[f"{kind}.onnx"], exporter=_EXPORTER, threshold=_THRESHOLD, answers=answers)


def save(path: Path, paths: list[Path], *, as_maps: bool = False) -> Any:
    """Write a network that answers ``paths``, and load it."""
    network = _Scrfd(as_maps=as_maps)
    batch = torch.from_numpy(np.concatenate([_prepared(frames.bgr(frame))[0] for frame in paths]))
    random_networks.settle(network, lambda: network(batch))
    random_networks.spread(network.scores, lambda: network(batch), share=5e-3)
    random_networks.normalise(network.distances, lambda: network(batch), mean=2.5, deviation=0.5)
    random_networks.normalise(network.landmarks, lambda: network(batch), mean=0.0, deviation=1.0)
    names = [f"{word}_{stride}" for word in ("score", "bbox", "kps") for stride in _STRIDES]
    torch.onnx.export(
        network,
        (batch[:1],),
        str(path),
        input_names=["input.1"],
        output_names=names,
        opset_version=11,
        dynamo=False,
    )
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def detect(session: Any, path: Path, threshold: float) -> tuple[Any, Any]:
    """Detect faces as ``SCRFD.detect`` does.

    Returns:
        (N, 5): x_min, y_min, x_max, y_max in pixels of the frame and score, best first; and (N, 5, 2), landmarks.
    """
    blob, scale = _prepared(frames.bgr(path))
    outputs = session.run(None, {"input.1": blob})
    boxes, points = [], []
    for index, stride in enumerate(_STRIDES):
        scores, distances, landmarks = (
            _rows(outputs[index + 3 * part], numbers) for part, numbers in enumerate((1, 4, 10))
        )
        side = SIZE // stride
        rows, columns = np.divmod(np.arange(side * side, dtype=np.float32), side)
        centres = np.stack((columns, rows), axis=-1) * stride
        centres = np.repeat(centres, _ANCHORS, axis=0)
        distances, kept = distances * stride, scores[:, 0] >= threshold
        corners = np.concatenate((centres - distances[:, :2], centres + distances[:, 2:], scores), 1)
        boxes.append(corners[kept])
        points.append((centres[:, None] + landmarks.reshape(-1, 5, 2) * stride)[kept])
    found, places = np.concatenate(boxes), np.concatenate(points)
    order = found[:, 4].argsort()[::-1]
    found, places = found[order], places[order]
    found[:, :4] /= scale
    kept_rows = _suppressed(found)
    return found[kept_rows], places[kept_rows] / scale


def _rows(output: Any, numbers: int) -> Any:
    """Return an output as (rows, numbers), whether it is a map or rows already."""
    return output.transpose(0, 2, 3, 1).reshape(-1, numbers) if output.ndim == 4 else output


def _prepared(frame: Any) -> tuple[Any, float]:
    height, width = frame.shape[:2]
    new_width, new_height = (int(SIZE * width / height), SIZE) if height > width else (SIZE, int(SIZE * height / width))
    canvas = np.zeros((SIZE, SIZE, 3), np.uint8)
    canvas[:new_height, :new_width] = cv2.resize(frame, (new_width, new_height))
    return cv2.dnn.blobFromImage(canvas, 1 / 128, (SIZE, SIZE), (127.5,) * 3, swapRB=True), new_height / height


def _suppressed(faces: Any) -> list[int]:
    """Return rows that ``SCRFD.nms`` keeps; it counts an edge's last pixel, hence the ones."""
    x_min, y_min, x_max, y_max = faces[:, :4].T
    areas = (x_max - x_min + 1) * (y_max - y_min + 1)
    left, kept = np.arange(len(faces)), []
    while left.size:
        best, left = int(left[0]), left[1:]
        kept.append(best)
        wide = np.minimum(x_max[best], x_max[left]) - np.maximum(x_min[best], x_min[left]) + 1
        high = np.minimum(y_max[best], y_max[left]) - np.maximum(y_min[best], y_min[left]) + 1
        shared = np.maximum(wide, 0) * np.maximum(high, 0)
        left = left[shared / (areas[best] + areas[left] - shared) <= _IOU]
    return kept
