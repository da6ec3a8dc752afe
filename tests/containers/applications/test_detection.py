"""The application over every engine, from bytes to JSON."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import frames
from ipc_ai_serving.applications import detection
from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.frames import FrameReader
from ipc_ai_serving.model_folder import ModelFolder, find
from ipc_ai_serving.models.detector import Detector
from tests.detection_options import REFUSALS, REFUSED_IN_URL
from tests.iou import iou, matched
from tests.tiny_models import write_older_layout, write_yolox_onnx

Detect = Callable[[bytes], dict[str, Any]]
WORKERS = [[246, 339, 622, 1266], [627, 380, 952, 1275], [959, 303, 1379, 1270], [1343, 223, 1775, 1271]]


def _load(name: str, application: str, model_dir: Path) -> Detector:
    folder = find(name, application, model_dir=model_dir, model_store=Path("/nonexistent"), catalogue=catalogue.load())
    return Detector.load(folder, threads=2)


def _answer(model: Detector, body: bytes, content_type: str | None = "image/jpeg") -> dict[str, Any]:
    prediction = detection.predict_fn(detection.input_fn(body, content_type), model)
    text, kind = detection.output_fn(prediction, "application/json")
    assert kind == "application/json"
    document: dict[str, Any] = json.loads(text)
    return document


def _above(answer: dict[str, Any], score: float) -> list[list[float]]:
    pairs = zip(answer["bbox_scores"], answer["bbox_coords"], strict=True)
    return [box for (found,), box in pairs if found >= score]


@pytest.fixture
def tiny_onnx(tmp_path: Path) -> Detector:
    write_yolox_onnx(tmp_path / "yolox_nano.onnx")
    return _load("yolox_nano", "body-detection", tmp_path)


@pytest.fixture
def tiny_mxnet(tmp_path: Path) -> Detector:
    write_older_layout(tmp_path, "body_detector_red")
    return _load("red", "body-detection", tmp_path)


@pytest.mark.parametrize("engine", ["tiny_onnx", "tiny_mxnet"])
def test_both_frameworks_find_what_is_red(
    engine: str, red_square_frame: npt.NDArray[np.uint8], request: pytest.FixtureRequest
) -> None:
    answer = _answer(request.getfixturevalue(engine), cv2.imencode(".png", red_square_frame)[1].tobytes(), None)
    assert (answer["width"], answer["height"], answer["channels"]) == (416, 416, 3)
    strong = _above(answer, 0.8)
    assert strong
    for x_min, y_min, x_max, y_max in strong:
        assert 128 <= (x_min + x_max) / 2 <= 192
        assert 224 <= (y_min + y_max) / 2 <= 288


def test_the_json_form_gives_the_same_answer(tiny_onnx: Detector, red_square_frame: npt.NDArray[np.uint8]) -> None:
    image = cv2.imencode(".png", red_square_frame)[1].tobytes()
    document = {"image_bytes": base64.b64encode(image).decode(), "short_size": 416}
    from_json = _answer(tiny_onnx, json.dumps(document).encode(), "application/json")
    assert from_json == _answer(tiny_onnx, image, "image/png")


def test_the_answer_is_what_existing_clients_read(tiny_onnx: Detector, red_square_frame: npt.NDArray[np.uint8]) -> None:
    answer = _answer(tiny_onnx, cv2.imencode(".png", red_square_frame)[1].tobytes())
    assert list(answer) == ["width", "height", "channels", "bbox_scores", "bbox_coords", "bbox_labels"]
    assert answer["bbox_labels"] == ["person"] * len(answer["bbox_scores"])
    assert all(len(score) == 1 and isinstance(score[0], float) for score in answer["bbox_scores"])
    assert all(len(box) == 4 and all(isinstance(edge, int) for edge in box) for box in answer["bbox_coords"])
    assert answer["bbox_scores"] == sorted(answer["bbox_scores"], reverse=True)
    assert len(answer["bbox_scores"]) <= 100


def test_options(tiny_onnx: Detector, red_square_frame: npt.NDArray[np.uint8]) -> None:
    red_square_frame[32:96, 288:352] = (0, 0, 140)  # half as red
    image = cv2.imencode(".png", red_square_frame)[1].tobytes()
    everything = _answer(tiny_onnx, image)
    strong = _answer(tiny_onnx, image, "image/png; min_confidence=0.9")
    assert 0 < len(strong["bbox_scores"]) < len(everything["bbox_scores"])
    assert strong["bbox_scores"] == [score for score in everything["bbox_scores"] if score[0] >= 0.9]
    (best,) = _answer(tiny_onnx, image, "image/png; max_results=1")["bbox_coords"]
    assert best == everything["bbox_coords"][0]
    document = {"image_bytes": base64.b64encode(image).decode(), "normalized": True, "max_results": 1}
    (share,) = _answer(tiny_onnx, json.dumps(document).encode(), "application/json")["bbox_coords"]
    assert share == pytest.approx([edge / 416 for edge in best], abs=0.002)


@pytest.mark.parametrize(("name", "value"), REFUSED_IN_URL, ids=lambda value: repr(value)[:12])
def test_absurd_options_are_refused(name: str, value: object, red_square_frame: npt.NDArray[np.uint8]) -> None:
    text = json.dumps(json.dumps(value))  # quoted as a parameter of the content type
    with pytest.raises(ClientError, match=f"^{REFUSALS[name]}$"):
        detection.input_fn(cv2.imencode(".png", red_square_frame)[1].tobytes(), f"image/png; {name}={text}")


def test_several_frames_in_one_request(tiny_onnx: Detector, red_square_frame: npt.NDArray[np.uint8]) -> None:
    images = [
        cv2.imencode(extension, frame)[1].tobytes()
        for extension, frame in (
            (".png", red_square_frame),
            (".jpg", red_square_frame[:, :300]),
            (".png", red_square_frame),
        )
    ]
    encoded = [base64.b64encode(image).decode() for image in images]
    several = _answer(tiny_onnx, json.dumps({"images_bytes": encoded}).encode(), "application/json")
    assert several == {"results": [_answer(tiny_onnx, image) for image in images]}
    assert [found["width"] for found in several["results"]] == [416, 300, 416]
    one = {"images_bytes": encoded[:1], "max_results": 1, "normalized": True}
    (only,) = _answer(tiny_onnx, json.dumps(one).encode(), "application/json")["results"]
    assert only == _answer(tiny_onnx, images[0], "image/png; max_results=1; normalized=true")


def test_s3_uris(tiny_onnx: Detector, red_square_frame: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    image = cv2.imencode(".png", red_square_frame)[1].tobytes()
    reader = FrameReader(max_pixels=1_000_000, fetch=lambda uris: [image for _ in uris])
    monkeypatch.setattr(frames, "frame_reader", lambda: reader)
    alone = _answer(tiny_onnx, image)
    for document, expected in (
        ({"images": ["s3://bucket/0"]}, alone),
        ({"images": ["s3://bucket/0", "s3://bucket/1"]}, {"results": [alone, alone]}),
        ({"images": ["s3://bucket/0"], "clip": True}, {"results": [alone]}),
    ):
        assert _answer(tiny_onnx, json.dumps(document).encode(), "application/json") == expected


def test_a_frame_without_anything_has_empty_lists(tiny_onnx: Detector) -> None:
    answer = _answer(tiny_onnx, cv2.imencode(".png", np.full((64, 64, 3), 90, np.uint8))[1].tobytes())
    assert (answer["bbox_scores"], answer["bbox_coords"]) == ([], [])


def test_the_embedded_detector_finds_the_face_of_a_photograph(photograph: Path, tmp_path: Path) -> None:
    answer = _answer(_load("dlib_frontal_face", "face-detection", tmp_path), photograph.read_bytes(), "image/png")
    (face,) = _above(answer, 0.5)
    assert iou(face, [176, 81, 273, 178]) > 0.8


def test_the_embedded_people_detector_answers_on_any_size(tmp_path: Path) -> None:
    model = _load("opencv_people", "body-detection", tmp_path)
    for shape in ((16, 16, 3), (480, 640, 3), (40, 4000, 3)):
        _answer(model, cv2.imencode(".png", np.zeros(shape, np.uint8))[1].tobytes())


@pytest.mark.parametrize(("name", "files"), [("yolox_nano", "onnx"), ("body_detector_yolox_nano", "mxnet")])
def test_exactly_four_workers_are_found(testdata: Path, name: str, files: str) -> None:
    model = _load(name, "body-detection", testdata / "models" / files)
    answer = _answer(model, (testdata / "images" / "reference" / "test_1280x1920x3.jpg").read_bytes())
    found = _above(answer, 0.3)
    assert len(found) == 4
    assert matched(WORKERS, found, threshold=0.8) == 4


@pytest.mark.parametrize(("name", "files"), [("yunet_n", "onnx"), ("face_detector_yunet_n", "mxnet")])
def test_three_faces_are_found(testdata: Path, name: str, files: str) -> None:
    model = _load(name, "face-detection", testdata / "models" / files)
    answer = _answer(model, (testdata / "images" / "reference" / "test_1_target.jpg").read_bytes())
    found = _above(answer, 0.6)
    assert len(found) == 3
    assert max(iou(face, [481, 263, 560, 365]) for face in found) > 0.7


def test_recall_on_pedestrians(testdata: Path) -> None:
    """At least 95 of 100 annotated people at IoU 0.5 and score 0.3."""
    model = _load("yolox_nano", "body-detection", testdata / "models" / "onnx")
    people = hits = 0
    for annotation in sorted((testdata / "images" / "pennfudan").glob("*.txt")):
        expected = _pascal_boxes(annotation.read_text())
        answer = _answer(model, annotation.with_suffix(".png").read_bytes(), "image/png")
        people += len(expected)
        hits += matched(expected, _above(answer, 0.3), threshold=0.5)
    assert people > 30
    assert hits / people >= 0.95, f"{hits} of {people}"


def _pascal_boxes(text: str) -> list[list[float]]:
    """``Bounding box for object 1 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : (160, 182) - (302, 431)``."""
    boxes = []
    for line in text.splitlines():
        if line.startswith("Bounding box"):
            corners = line.rsplit(":", 1)[1].replace("(", "").replace(")", "").replace(" - ", ",").split(",")
            boxes.append([float(corner) for corner in corners])
    return boxes


def test_a_file_that_is_no_network_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "yolox_nano.onnx").write_bytes(b"not a graph")
    with pytest.raises(ModelLoadError, match=r"yolox_nano\.onnx"):
        _load("yolox_nano", "body-detection", tmp_path)
    for end in ("symbol.json", "0000.params"):
        (tmp_path / f"body_detector_red-{end}").write_bytes(b"not a network")
    with pytest.raises(ModelLoadError, match="body_detector_red"):
        _load("red", "body-detection", tmp_path)


def test_an_embedded_model_without_detector_is_an_error(tmp_path: Path) -> None:
    folder = ModelFolder(dataclasses.replace(catalogue.load().model("opencv_people"), name="nothing"), {})
    with pytest.raises(ModelLoadError, match="no embedded model 'nothing'"):
        Detector.load(folder, threads=1)


def test_classes_are_asked_by_name(tiny_onnx: Detector, red_square_frame: npt.NDArray[np.uint8]) -> None:
    image = cv2.imencode(".png", red_square_frame)[1].tobytes()
    everything = _answer(tiny_onnx, image)
    assert _answer(tiny_onnx, image, "image/png; classes=Person") == everything
    with pytest.raises(ClientError, match="'persn', which this model does not answer, did you mean 'person'"):
        _answer(tiny_onnx, image, "image/png; classes=persn")
    with pytest.raises(ClientError, match="'traffic light', which"):
        _answer(tiny_onnx, image, "image/png; classes=traffic%20light%2Cperson")
    document = {"image_bytes": base64.b64encode(image).decode(), "classes": ["person"]}
    assert _answer(tiny_onnx, json.dumps(document).encode(), "application/json") == everything


@pytest.mark.parametrize("given", [5, {"a": 1}, [1], True])
def test_classes_that_are_no_names_are_refused(given: Any) -> None:
    document = {"image_bytes": "AAAA", "classes": given}
    with pytest.raises(ClientError, match="'classes' must be names"):
        detection.input_fn(json.dumps(document).encode(), "application/json")
