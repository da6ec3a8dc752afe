"""Pair of an SCRFD and an ArcFace embedder; answers as InsightFace's ``arcface_onnx.py`` and ``face_align.py`` do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import torch
from torch import nn

from workbench.parity.exporters import frames, random_networks, scrfd, written

_SIDE, _DIMENSIONS = 112, 512
_CONFIDENCE = 0.3
_EXPORTER = "ArcFace's layout, InsightFace's alignment"
# insightface/utils/face_align.py, ``arcface_dst``.
_PLACES = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export detector and embedder, and compare the first frame's largest face with all faces of each frame."""
    detector = scrfd.save(folder / "detector.onnx", paths)
    found = [scrfd.detect(detector, path, _CONFIDENCE) for path in paths]
    faces = [[_cut_out(path, points) for points in places] for path, (_, places) in zip(paths, found, strict=True)]
    embedder = _save(folder / f"{kind}.onnx", [face for of_frame in faces for face in of_frame])
    embedded = [np.array([_embed(embedder, face) for face in of_frame]) for of_frame in faces]
    boxes = found[0][0]
    largest = int(((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).argmax())
    answers = []
    for path, (rows, _), vectors in zip(paths, found, embedded, strict=True):
        height, width = frames.bgr(path).shape[:2]
        similarities = vectors @ embedded[0][largest] if len(vectors) else []
        answers.append(
            (
                path,
                [
                    written.entry("face", similarity, written.shown(width, height, row[:4]))
                    for row, similarity in zip(rows.tolist(), similarities, strict=True)
                ],
            )
        )
    model = ["detector.onnx", f"{kind}.onnx"]
    written.write(folder, model=model, exporter=_EXPORTER, threshold=_CONFIDENCE, answers=answers)


def _save(path: Path, faces: list[Any]) -> Any:
    network = nn.Sequential(
        *(layer for before, after in ((3, 16), (16, 32), (32, 48), (48, 64)) for layer in _step(before, after)),
        nn.Conv2d(64, 64, 7, groups=64, bias=False),
        nn.BatchNorm2d(64),
        nn.Flatten(),
        nn.Linear(64, _DIMENSIONS, bias=False),
        nn.BatchNorm1d(_DIMENSIONS),
    )
    batch = torch.from_numpy(np.concatenate([_blob(face) for face in faces]))
    random_networks.settle(network, lambda: network(batch))
    axes = {"input.1": {0: "None"}, "embedding": {0: "None"}}
    torch.onnx.export(
        network,
        (batch[:1],),
        str(path),
        input_names=["input.1"],
        output_names=["embedding"],
        dynamic_axes=axes,
        opset_version=11,
        dynamo=False,
    )
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _step(before: int, after: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.PReLU(after)


def _blob(face: Any) -> Any:
    return cv2.dnn.blobFromImage(face, 1 / 127.5, (_SIDE, _SIDE), (127.5,) * 3, swapRB=True)


def _embed(session: Any, face: Any) -> Any:
    (vector,) = session.run(None, {"input.1": _blob(face)})[0]
    return vector / np.linalg.norm(vector)


def _cut_out(path: Path, points: Any) -> Any:
    """Warp a face to the places of ``arcface_dst``, as ``face_align.norm_crop`` does with scikit-image's estimate."""
    return cv2.warpAffine(frames.bgr(path), _similarity(points.astype(np.float64)), (_SIDE, _SIDE))


def _similarity(points: Any) -> Any:
    """Umeyama's estimate, IEEE TPAMI 13(4), 1991, as ``skimage.transform.SimilarityTransform.estimate``."""
    target = _PLACES.astype(np.float64)
    from_centre, to_centre = points.mean(0), target.mean(0)
    apart, wanted = points - from_centre, target - to_centre
    left, sizes, right = np.linalg.svd(wanted.T @ apart / len(points))
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left @ np.diag(signs) @ right
    scale = (sizes * signs).sum() / apart.var(0).sum()
    return np.column_stack((scale * rotation, to_centre - scale * rotation @ from_centre))
