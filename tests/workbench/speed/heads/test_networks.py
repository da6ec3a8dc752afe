from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import IMAGE_CLASSIFICATION
from ipc_ai_serving import images, model_folder
from ipc_ai_serving.models.classifier import Classifier
from ipc_ai_serving.models.detector import Detector
from workbench.speed.heads import networks, plain_work

_FRAME_SIZE = (384, 512)  # rows and columns, whole numbers at the network inputs too
_KINDS = {network.model.head: network for network in networks.all_kinds()}


@pytest.fixture(scope="module")
def frame() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (*_FRAME_SIZE, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.GaussianBlur(pixels, (31, 31), 0))[1].tobytes()


def _put(head: str, store: Path) -> model_folder.ModelFolder:
    """Puts the head's network without its costly convolutions."""
    network = dataclasses.replace(_KINDS[head], blocks=0)
    folder = network.put(store)
    application = network.model.applications[0]
    return model_folder.find(head, application, model_dir=folder, model_store=store, catalogue=catalogue.load())


@pytest.mark.parametrize(
    ("head", "shapes"),
    [
        ("ultralytics", [(1, 84, 8400)]),
        ("detr", [(1, 300, 91), (1, 300, 4)]),
        ("boxes", [(300, 4), (300,), (300,)]),
        ("scrfd", [(count, values) for count in (12800, 3200, 800) for values in (1, 4, 10)]),
        ("classes", [(1, 1000)]),
    ],
)
def test_outputs_have_the_shapes_of_real_exports(head: str, shapes: list[tuple[int, ...]]) -> None:
    assert [output.shape for output in _KINDS[head].outputs.values()] == shapes


@pytest.mark.parametrize("head", ["ultralytics", "detr", "boxes", "scrfd"])
def test_plain_work_of_a_detector_answers_as_the_product(head: str, frame: bytes, tmp_path: Path) -> None:
    """What is compared does the same work: else the ratio would say nothing."""
    folder = _put(head, tmp_path)
    boxes, scores, others = plain_work.work(head, folder.files["onnx"])(frame)
    found = Detector.load(folder, threads=1).detect(images.decode(frame, max_pixels=10**6))
    assert 20 < len(found.scores) == len(scores)
    assert np.allclose(found.boxes, boxes, atol=0.01)
    assert np.allclose(found.scores, scores, atol=1e-6)
    theirs = found.landmarks if head == "scrfd" else found.classes
    assert theirs is not None
    assert np.allclose(theirs, others, atol=0.01)


def test_plain_work_of_a_classifier_answers_as_the_product(frame: bytes, tmp_path: Path) -> None:
    folder = _put("classes", tmp_path)
    assert folder.model.applications == (IMAGE_CLASSIFICATION,)
    best, scores = plain_work.work("classes", folder.files["onnx"])(frame)
    found = Classifier.load(folder, threads=1).scores(images.decode(frame, max_pixels=10**6))
    assert np.argsort(-found)[:5].tolist() == best.tolist()
    assert np.allclose(found[best], scores, atol=1e-6)
