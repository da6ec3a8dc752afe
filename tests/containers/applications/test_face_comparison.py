"""Face comparison over every engine, from bytes to JSON."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import images
from ipc_ai_serving.applications import face_comparison
from ipc_ai_serving.applications.face_comparison import FaceModels
from ipc_ai_serving.errors import ClientError, ModelLoadError
from ipc_ai_serving.images import Frame
from ipc_ai_serving.model_folder import ModelFolder, find
from ipc_ai_serving.models.detector import Detector
from ipc_ai_serving.models.embedder import Embedder
from ipc_ai_serving.settings import Settings
from ipc_ai_serving.vision.detections import Detections
from tests.iou import iou

PAIRS = [
    "yunet_n+mobileface_v2",
    "yunet_n+mobilefacenet_y1",
    "retinaface_mnet025_v1+mobileface_v2_mxnet",
    "retinaface_mnet025_v1+mobilefacenet_y1",
    "dlib_frontal_face+dlib_face_embedding",
]
# A cosine is only comparable within one embedder; dlib's lie close together.
MARGINS = dict.fromkeys(PAIRS, 0.3) | {"dlib_frontal_face+dlib_face_embedding": 0.05}


def _folder(name: str, models: Path) -> ModelFolder:
    known = catalogue.load().model(name)
    kind = "onnx" if known.engine == "onnxruntime" else "mxnet"
    return find(name, "face-comparison", model_dir=models / kind, model_store=Path("/none"), catalogue=catalogue.load())


def _load(pair: str, models: Path) -> FaceModels:
    detector, embedder = (_folder(name, models) for name in pair.split("+"))
    return FaceModels(Detector.load(detector, threads=2), Embedder.load(embedder, threads=2))


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _compare(models: FaceModels, **document: Any) -> dict[str, Any]:
    request = face_comparison.input_fn(json.dumps(document).encode(), "application/json")
    body, _ = face_comparison.output_fn(face_comparison.predict_fn(request, models), None)
    answer: dict[str, Any] = json.loads(body)
    return answer


@pytest.fixture(scope="module")
def embedded() -> FaceModels:
    return _load("dlib_frontal_face+dlib_face_embedding", Path("/none"))


def test_a_face_is_itself(embedded: FaceModels, photograph: Path) -> None:
    answer = _compare(embedded, source_image_bytes=_encoded(photograph), target_image_bytes=_encoded(photograph))
    assert list(answer) == ["SourceImageFace", "FaceMatches"]
    (match,) = answer["FaceMatches"]
    assert list(match) == ["Similarity", "Face"]
    assert match["Similarity"] == pytest.approx(1, abs=1e-5)
    assert match["Face"] == answer["SourceImageFace"]
    assert iou(match["Face"]["BoundingBox"], [176, 81, 273, 178]) > 0.8
    points = match["Face"]["KeyPoints"]
    assert list(points) == ["eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight"]
    assert points["eyeLeft"][0] < points["nose"][0] < points["eyeRight"][0]
    assert points["eyeLeft"][1] < points["nose"][1] < points["mouthLeft"][1]


def test_images_without_faces(embedded: FaceModels, photograph: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((200, 200, 3), 90, np.uint8))
    face, empty = _encoded(photograph), _encoded(tmp_path / "empty.png")
    nobody = _compare(embedded, source_image_bytes=empty, target_image_bytes=face)
    assert nobody == {"SourceImageFace": None, "FaceMatches": []}
    alone = _compare(embedded, source_image_bytes=face, target_image_bytes=empty)
    assert alone["SourceImageFace"]["Confidence"] > 0.9
    assert alone["FaceMatches"] == []


def test_options_and_several_targets(embedded: FaceModels, photograph: Path) -> None:
    face = _encoded(photograph)
    everything = _compare(embedded, source_image_bytes=face, target_images_bytes=[face, face, face])
    assert [match["TargetImage"] for match in everything["FaceMatches"]] == [0, 1, 2]
    two = _compare(embedded, source_image_bytes=face, target_images_bytes=[face, face, face], max_results=2)
    assert len(two["FaceMatches"]) == 2
    unsure = _compare(embedded, source_image_bytes=face, target_image_bytes=face, min_confidence=1)
    assert unsure["SourceImageFace"] is None


def test_a_source_that_was_seen_lately_is_not_looked_at_again(photograph: Path, tmp_path: Path) -> None:
    models = _load("dlib_frontal_face+dlib_face_embedding", Path("/none"))
    looked: list[tuple[int, ...]] = []
    detector = models.detector

    class Counting:
        model = detector.model

        def detect(self, frame: Frame) -> Detections:
            looked.append(frame.shape)
            return detector.detect(frame)

    models.detector = cast(Detector, Counting())
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((200, 200, 3), 90, np.uint8))
    face, empty = _encoded(photograph), _encoded(tmp_path / "empty.png")
    documents = [{"source_image_bytes": face, "target_image_bytes": face} for _ in range(3)]
    first, second, third = (_compare(models, **document) for document in documents)
    assert first == second == third
    assert len(looked) == 4  # the source once, each target
    # Another confidence, and another image, are other sources.
    _compare(models, source_image_bytes=face, target_image_bytes=face, min_confidence=0.9)
    assert len(looked) == 6
    assert _compare(models, source_image_bytes=empty, target_image_bytes=face)["SourceImageFace"] is None


@pytest.mark.slow
def test_only_so_many_sources_are_kept_for_so_long(photograph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = _load("dlib_frontal_face+dlib_face_embedding", Path("/none"))
    image = photograph.read_bytes()
    for number in range(70):
        tiny = cv2.imencode(".png", np.full((16, 16, 3), number, np.uint8))[1].tobytes()
        assert models.source(tiny, min_confidence=0.5, max_pixels=1000).embedding is None
    assert len(models._sources) == 64
    monkeypatch.setattr(face_comparison, "_KEPT_SECONDS", -1.0)
    models.source(tiny, min_confidence=0.5, max_pixels=1000)
    assert len(models._sources) == 1  # all others are too old
    assert models.source(image, min_confidence=0.5, max_pixels=10**6).embedding is not None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"source_image_bytes": "AAAA"},
        {"min_confidence": 2},
        {"min_confidence": float("nan")},
        {"similarity_threshold": "0.5"},
        {"max_results": 0},
        {"target_images_bytes": []},
        {"target_images_bytes": "AAAA"},
        {"target_images_bytes": ["AAAA"]},
        {"target_images_bytes": ["A"] * 21},
        {"images": ["s3://bucket/key"]},
    ],
)
def test_what_cannot_be_compared(document: dict[str, Any], embedded: FaceModels, photograph: Path) -> None:
    usual = {"source_image_bytes": _encoded(photograph), "target_image_bytes": _encoded(photograph)}
    body = json.dumps(usual | document if document else document).encode()
    if document == {"source_image_bytes": "AAAA"}:
        body = json.dumps(document).encode()
    with pytest.raises(ClientError):
        face_comparison.predict_fn(face_comparison.input_fn(body, "application/json"), embedded)


def test_an_image_alone_is_no_comparison(photograph: Path) -> None:
    with pytest.raises(ClientError, match="two images"):
        face_comparison.input_fn(photograph.read_bytes(), "image/png")


@pytest.mark.parametrize("name", ["yunet_n", "a+b+c", ""])
def test_a_model_that_is_no_pair(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Settings(application_type="face-comparison", model_name=name)
    monkeypatch.setattr(face_comparison, "settings", lambda: chosen)
    with pytest.raises(ModelLoadError, match=r"DETECTOR\+EMBEDDER"):
        face_comparison.model_fn("/none")


@pytest.mark.parametrize("pair", PAIRS)
def test_the_same_person_is_found_among_three(testdata: Path, pair: str) -> None:
    reference = testdata / "images" / "reference"
    answer = _compare(
        _load(pair, testdata / "models"),
        source_image_bytes=_encoded(reference / "test_1_source.jpg"),
        target_image_bytes=_encoded(reference / "test_1_target.jpg"),
    )
    best, second, third = (match["Similarity"] for match in answer["FaceMatches"])
    assert iou(answer["FaceMatches"][0]["Face"]["BoundingBox"], [481, 263, 560, 365]) > 0.5
    assert best - second >= MARGINS[pair]
    assert second >= third


def _embedding(models: FaceModels, portrait: Path) -> npt.NDArray[np.float32]:
    """Embed the largest face."""
    frame = images.decode(portrait.read_bytes(), max_pixels=50_000_000)
    faces = models.detector.detect(frame)
    faces = faces.take(np.flatnonzero(faces.scores >= 0.65))
    assert faces.landmarks is not None
    largest = np.argmax((faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1))
    vectors = models.embedder.embed(frame, faces.landmarks[[largest]])
    return np.asarray(vectors[0], np.float32)


@pytest.mark.parametrize("pair", PAIRS)
def test_portraits_of_one_person_are_more_alike_than_of_two(testdata: Path, pair: str) -> None:
    models = _load(pair, testdata / "models")
    portraits = sorted((testdata / "images" / "face_recognition").glob("*.jpg"))
    portraits = [path for path in portraits if path.stem not in ("two_people", "obama_and_biden")]
    people = [(path.stem[:5], _embedding(models, path)) for path in portraits]
    same: list[float] = []
    different: list[float] = []
    for (first, one), (second, other) in itertools.combinations(people, 2):
        (same if first == second else different).append(float(one @ other))
    assert len(same) > 8
    assert len(different) > 8
    assert min(same) > max(different)


def test_one_embedder_in_two_frameworks(testdata: Path) -> None:
    models = testdata / "models"
    frame = cv2.imread(str(testdata / "images" / "reference" / "test_1_target.jpg"))
    assert frame is not None
    image = frame.astype(np.uint8)
    faces = Detector.load(_folder("yunet_n", models), threads=2).detect(image).landmarks
    assert faces is not None
    mxnet, onnx = (
        Embedder.load(_folder(name, models), threads=2).embed(image, faces)
        for name in ("mobileface_v2_mxnet", "mobileface_v2")
    )
    assert mxnet.shape == onnx.shape == (len(faces), 256)
    assert np.abs(mxnet - onnx).max() < 1e-3


def test_embedding_many_faces_is_embedding_each(testdata: Path) -> None:
    models = testdata / "models"
    frame = cv2.imread(str(testdata / "images" / "reference" / "test_1_target.jpg"))
    assert frame is not None
    image = frame.astype(np.uint8)
    faces = Detector.load(_folder("retinaface_mnet025_v1", models), threads=2).detect(image).landmarks
    assert faces is not None
    for name in ("mobileface_v2", "mobilefacenet_y1"):
        embedder = Embedder.load(_folder(name, models), threads=2)
        together = embedder.embed(image, faces)
        apart = np.concatenate([embedder.embed(image, faces[index : index + 1]) for index in range(len(faces))])
        assert np.abs(together - apart).max() < 1e-4
        assert embedder.embed(image, faces[:0]).shape == (0, embedder.model.dimensions)
