"""A pair of networks as InsightFace exports them, SCRFD and ArcFace, from two images to their similarity."""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from ipc_ai_serving.applications import face_comparison
from ipc_ai_serving.applications.face_comparison import FaceModels
from ipc_ai_serving.images import Frame
from ipc_ai_serving.model_folder import ModelFolder
from ipc_ai_serving.models.detector import Detector
from ipc_ai_serving.models.embedder import Embedder
from tests.workbench.recognition import onnx_files
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside
from workbench.recognition.heads import arcface, scrfd

_SIDE = 256
_FACE = np.array([[112, 116], [144, 116], [128, 132], [116, 148], [140, 148]], np.float32)


def _detector(path: Path) -> Detector:
    """One face in the middle of any frame of 256 x 256 pixels."""
    outputs = {
        f"{kind}_{stride}": np.zeros((2 * (_SIDE // stride) ** 2, count), np.float32)
        for kind, count in (("score", 1), ("bbox", 4), ("kps", 10))
        for stride in (8, 16, 32)
    }
    row = 2 * (4 * (_SIDE // 32) + 4)  # the cell at 128, 128 of steps of 32 pixels
    outputs["score_32"][row], outputs["bbox_32"][row] = 0.9, 1
    outputs["kps_32"][row] = ((_FACE - 128) / 32).reshape(-1)
    file = onnx_files.write(path / "scrfd.onnx", outputs, frame=(1, 3, _SIDE, _SIDE))
    (guess,) = scrfd.guesses(graph_facts.read(file), Beside())
    return Detector.load(ModelFolder(dataclasses.replace(guess.model, name="scrfd"), {"onnx": file}), threads=1)


def _embedder(path: Path, *, in_rows: bool, kind: int) -> Embedder:
    """An embedder whose 128 numbers are random sums of what it sees in the pixels, of a batch of one."""
    weights = np.random.default_rng(1).normal(size=(3 * 112 * 112, 128)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["data"], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["as_float"], ["planes"], perm=[0, 3, 1, 2] if in_rows else [0, 1, 2, 3]),
        helper.make_node("Flatten", ["planes"], ["row"]),
        helper.make_node("MatMul", ["row", "weights"], ["fc1"]),
    ]
    graph = helper.make_graph(
        nodes,
        "embedder",
        [helper.make_tensor_value_info("data", kind, [1, 112, 112, 3] if in_rows else [1, 3, 112, 112])],
        [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 128])],
        [numpy_helper.from_array(weights, "weights")],
    )
    file = path / "arcface.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(file))
    (guess,) = arcface.guesses(graph_facts.read(file), Beside())
    return Embedder.load(ModelFolder(dataclasses.replace(guess.model, name="arcface"), {"onnx": file}), threads=1)


def _encoded(frame: Frame) -> str:
    return base64.b64encode(cv2.imencode(".png", frame)[1].tobytes()).decode()


def _compared(models: FaceModels, source: Frame, target: Frame) -> dict[str, Any]:
    document = {"source_image_bytes": _encoded(source), "target_image_bytes": _encoded(target)}
    request = face_comparison.input_fn(json.dumps(document).encode(), "application/json")
    answer, _ = face_comparison.output_fn(face_comparison.predict_fn(request, models), None)
    found: dict[str, Any] = json.loads(answer)
    return found


@pytest.mark.parametrize("in_rows", [False, True])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_the_same_face_has_a_similarity_of_one(tmp_path: Path, in_rows: bool, kind: int) -> None:
    models = FaceModels(_detector(tmp_path), _embedder(tmp_path, in_rows=in_rows, kind=kind))
    frames = np.random.default_rng(2).integers(0, 255, (2, _SIDE, _SIDE, 3)).astype(np.uint8)
    same, other = (_compared(models, frames[0], frame)["FaceMatches"] for frame in frames)
    assert [match["Similarity"] for match in same] == pytest.approx([1.0], abs=1e-5)
    assert other[0]["Similarity"] < 0.9
    face = same[0]["Face"]
    assert face["BoundingBox"] == [96, 96, 160, 160]
    assert face["Confidence"] == pytest.approx(0.9)
    assert (face["KeyPoints"]["eyeLeft"], face["KeyPoints"]["mouthRight"]) == ([112, 116], [140, 148])


def test_vectors_are_the_same_whatever_the_order_of_axes(tmp_path: Path) -> None:
    frame = np.random.default_rng(3).integers(0, 255, (_SIDE, _SIDE, 3)).astype(np.uint8)
    vectors = [
        _embedder(tmp_path, in_rows=in_rows, kind=TensorProto.FLOAT).embed(frame, _FACE[None])[0]
        for in_rows in (False, True)
    ]
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-6)
