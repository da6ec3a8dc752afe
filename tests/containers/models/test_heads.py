from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.models import heads
from ipc_ai_serving.models.heads import embedded, gluoncv, yolox, yunet
from ipc_ai_serving.models.heads._grid import cells
from ipc_ai_serving.models.heads._suppression import suppress
from ipc_ai_serving.vision.detections import Detections
from tests.iou import iou as overlap

CATALOGUE = catalogue.load()


def test_every_detector_of_the_catalogue_has_its_head() -> None:
    detectors = [model for model in CATALOGUE.models.values() if model.role == "detector"]
    assert len(detectors) > 10
    for model in detectors:
        assert callable(heads.head(model.head))


def test_an_unknown_head_names_the_nearest() -> None:
    with pytest.raises(ModelLoadError, match="did you mean 'yolox'"):
        heads.head("yolo")


def test_cells_run_row_by_row_and_stride_by_stride() -> None:
    corners, strides = cells(64, 96, (16, 32))
    assert corners.shape == (4 * 6 + 2 * 3, 2)
    assert corners[7].tolist() == [1, 1]
    assert strides[23, 0] == 16
    assert strides[24, 0] == 32
    assert corners[-1].tolist() == [2, 1]


def test_yolox_decodes_the_target_class() -> None:
    rows = np.zeros((1, 3549, 85), np.float32)
    cell = 10 * 52 + 20  # stride 8, row 10, column 20
    rows[0, cell, :6] = [0.5, 0.25, np.log(4), np.log(8), 0.8, 0.5]
    rows[0, cell + 1, 4], rows[0, cell + 1, 6] = 0.9, 0.9  # another class
    found = yolox.decode({"output": rows}, CATALOGUE.model("yolox_nano"), (1, 3, 416, 416))
    assert found.scores.tolist() == pytest.approx([0.4])
    assert found.boxes[0].tolist() == pytest.approx([164 - 16, 82 - 32, 164 + 16, 82 + 32], abs=1e-3)


def test_yunet_decodes_box_and_landmarks() -> None:
    outputs = {
        f"{kind}_{stride}": np.zeros((1, (64 // stride) * (96 // stride), values), np.float32)
        for kind, values in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for stride in (8, 16, 32)
    }
    cell = 1 * 6 + 2  # stride 16, row 1, column 2
    outputs["cls_16"][0, cell], outputs["obj_16"][0, cell] = 0.81, 1
    outputs["bbox_16"][0, cell] = [0.5, 0.5, np.log(2), np.log(1)]
    outputs["kps_16"][0, cell] = [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]
    found = yunet.decode(outputs, CATALOGUE.model("yunet_n"), (1, 3, 64, 96))
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.boxes[0].tolist() == pytest.approx([24, 16, 56, 32], abs=1e-4)
    assert found.landmarks is not None
    assert found.landmarks[0].tolist() == [[32, 16], [48, 16], [40, 24], [32, 32], [48, 32]]


def test_gluoncv_drops_unused_rows_and_sorts() -> None:
    scores = np.array([[[0.2], [-1], [0.9], [0.001]]], np.float32)
    boxes = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    outputs = {"ids": np.zeros_like(scores), "scores": scores, "boxes": boxes}
    found = gluoncv.decode(outputs, CATALOGUE.model("yolo3_darknet53_coco"), (1, 3, 416, 416))
    assert found.scores.tolist() == pytest.approx([0.9, 0.2])
    assert found.boxes.tolist() == [[8, 9, 10, 11], [0, 1, 2, 3]]


def test_embedded_keeps_the_best_hundred() -> None:
    outputs = {"boxes": np.zeros((150, 4), np.float32), "scores": np.linspace(0, 1, 150, dtype=np.float32)}
    found = embedded.decode(outputs, CATALOGUE.model("opencv_people"), (1, 3, 480, 480))
    assert len(found.scores) == 100
    assert found.scores[0] == 1


def test_suppression_keeps_the_best_of_a_group() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    found = suppress(Detections(boxes, np.array([0.5, 0.9, 0.3], np.float32)), iou=0.45)
    assert found.boxes.tolist() == [[1, 0, 11, 10], [50, 50, 60, 60]]


def test_suppression_keeps_the_best_hundred_that_are_apart() -> None:
    corners = np.array([[20.0 * column, 20.0 * row] for row in range(15) for column in range(10)], np.float32)
    boxes = np.concatenate([corners, corners + 10], axis=1)
    scores = np.linspace(0.2, 0.9, 150, dtype=np.float32)
    found = suppress(Detections(boxes, scores), iou=0.45)
    assert found.scores.tolist() == scores[:49:-1].tolist()
    assert found.boxes.tolist() == boxes[:49:-1].tolist()


@pytest.mark.parametrize("kinds", [1, 5, 80])
@pytest.mark.parametrize("objects", [60, 2000])
def test_suppression_of_many_boxes_and_classes_is_that_of_one_box_after_the_other(kinds: int, objects: int) -> None:
    """Boxes are compared in portions, and class by class where there are many of each; that must not show."""
    generator = np.random.default_rng(objects + kinds)
    places = np.repeat(generator.uniform(0, 600, (objects, 2)), 3000 // objects, axis=0)
    first = places + generator.normal(0, 2, places.shape)
    boxes = np.concatenate([first, first + generator.uniform(20, 60, places.shape)], axis=1).astype(np.float32)
    scores = generator.permutation(np.linspace(0.02, 0.99, len(boxes))).astype(np.float32)
    classes = generator.integers(0, kinds, len(boxes))
    found = suppress(Detections(boxes, scores, classes=classes), iou=0.45)
    kept: list[int] = []
    for number in np.argsort(-scores).tolist():
        if len(kept) < 300 and all(
            classes[better] != classes[number] or overlap(boxes[better].tolist(), boxes[number].tolist()) <= 0.45
            for better in kept
        ):
            kept.append(number)
    assert found.scores.tolist() == scores[kept].tolist()
    assert (found.boxes == boxes[kept]).all()
    assert found.classes is not None
    assert found.classes.tolist() == classes[kept].tolist()


@pytest.mark.parametrize(("iou", "kept"), [(0.3, 1), (0.4, 2)])  # two boxes that share a third of what both cover
def test_suppression_measures_overlap_by_its_own_limit(iou: float, kept: int) -> None:
    boxes = np.array([[500, 500, 510, 510], [505, 500, 515, 510]], np.float32)
    assert len(suppress(Detections(boxes, np.array([0.5, 0.9], np.float32)), iou=iou).scores) == kept


def test_suppression_looks_at_the_best_two_thousand() -> None:
    """The weaker box stands behind 2,500 copies of another, beyond the limit of candidates."""
    boxes = np.array([[0, 0, 10, 10]] * 2500 + [[50, 50, 60, 60]], np.float32)
    scores = np.array([0.9] * 2500 + [0.5], np.float32)
    assert suppress(Detections(boxes, scores), iou=0.45).boxes.tolist() == [[0, 0, 10, 10]]
    assert len(suppress(Detections(boxes[501:], scores[501:]), iou=0.45).scores) == 2


def test_suppression_survives_what_is_not_finite() -> None:
    boxes = np.array([[0, 0, np.inf, 10], [np.nan, 0, 1, 1], [5, 5, 5, 9], [0, 0, 4, 4]], np.float32)
    found = suppress(Detections(boxes, np.full(4, 0.9, np.float32)), iou=0.45)
    assert found.boxes.tolist() == [[0, 0, 4, 4]]


def test_suppression_of_nothing_is_nothing() -> None:
    empty = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))
    found = suppress(empty, iou=0.3)
    assert found.boxes.shape == (0, 4)


def test_in_frame_scales_and_cuts() -> None:
    found = Detections(np.array([[-10, 4, 50, 900]], np.float32), np.ones(1, np.float32))
    assert found.in_frame(scale_x=0.5, scale_y=2, width=90, height=300).boxes.tolist() == [[0, 2, 90, 300]]


def test_retinaface_decodes_box_and_landmarks() -> None:
    outputs = {}
    for stride, rows, columns in ((32, 2, 3), (16, 4, 6), (8, 8, 12)):
        outputs[f"face_rpn_cls_prob_reshape_stride{stride}_output"] = np.zeros((1, 4, rows, columns), np.float32)
        outputs[f"face_rpn_bbox_pred_stride{stride}_output"] = np.zeros((1, 8, rows, columns), np.float32)
        outputs[f"face_rpn_landmark_pred_stride{stride}_output"] = np.zeros((1, 20, rows, columns), np.float32)
    # Stride 8, row 3, column 5, second anchor: scale 1, so 16 pixels around (5 * 8 + 7.5, 3 * 8 + 7.5).
    outputs["face_rpn_cls_prob_reshape_stride8_output"][0, 3, 3, 5] = 0.9
    outputs["face_rpn_bbox_pred_stride8_output"][0, 4:8, 3, 5] = [0.25, 0, np.log(2), 0]
    outputs["face_rpn_landmark_pred_stride8_output"][0, 10:12, 3, 5] = [5, -5]
    found = heads.head("retinaface")(outputs, CATALOGUE.model("retinaface_mnet025_v2"), (1, 3, 64, 96))
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.boxes[0].tolist() == pytest.approx([51.5 - 15.5, 24, 51.5 + 15.5, 39])
    assert found.landmarks is not None
    assert found.landmarks[0, 0].tolist() == pytest.approx([47.5 + 16, 31.5 - 16])  # landmark_std is 0.2
    assert found.landmarks[0, 4].tolist() == pytest.approx([47.5, 31.5])


def _yolox(rows: npt.NDArray[np.float32] | None = None, **values: float) -> dict[str, npt.NDArray[np.float32]]:
    """Output of YOLOX for 64 x 96 pixels, with some values in the first cell."""
    found = np.full((1, 126, 85), 0.5, np.float32) if rows is None else rows
    for column, value in values.items():
        found[0, 0, int(column.removeprefix("v"))] = value
    return {"output": found}


def _yunet(**replaced: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
    outputs = {
        f"{kind}_{stride}": np.full((1, (64 // stride) * (96 // stride), values), 0.5, np.float32)
        for kind, values in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for stride in (8, 16, 32)
    }
    return outputs | replaced


def _retinaface(**replaced: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
    outputs = {
        f"face_rpn_{kind}_stride{stride}_output": np.full((1, values, 64 // stride, 96 // stride), 0.5, np.float32)
        for kind, values in (("cls_prob_reshape", 4), ("bbox_pred", 8), ("landmark_pred", 20))
        for stride in (32, 16, 8)
    }
    return outputs | replaced


def _gluoncv(score: float = -1, box: int = 4) -> dict[str, npt.NDArray[np.float32]]:
    ids, scores = np.full((1, 9, 1), -1, np.float32), np.full((1, 9, 1), -1, np.float32)
    scores[0, 0] = score
    return {"ids": ids, "scores": scores, "boxes": np.full((1, 9, box), -1, np.float32)}


def _zeros(*shape: int) -> npt.NDArray[np.float32]:
    return np.zeros(shape, np.float32)


_MODELS = {
    "yolox": "yolox_nano",
    "yunet": "yunet_n",
    "retinaface": "retinaface_mnet025_v2",
    "gluoncv": "yolo3_darknet53_coco",
    "embedded": "opencv_people",
}


@pytest.mark.parametrize(
    ("head", "outputs"),
    [
        ("yolox", _yolox()),
        ("yolox", _yolox(_zeros(1, 126, 6))),
        ("yunet", _yunet()),
        ("retinaface", _retinaface()),
        ("gluoncv", _gluoncv()),
        ("gluoncv", _gluoncv(score=0.9)),
        ("embedded", {}),
    ],
)
def test_outputs_of_the_heads_network_are_taken(head: str, outputs: dict[str, npt.NDArray[np.float32]]) -> None:
    heads.check(head, outputs, CATALOGUE.model(_MODELS[head]), (1, 3, 64, 96))


@pytest.mark.parametrize(
    ("head", "outputs", "says"),
    [
        ("yolox", _yolox(_zeros(1, 84, 126)), r"'output' is \(1, 84, 126\), not \(1, 126, any\)"),  # YOLOv8
        ("yolox", _yolox(_zeros(1, 378, 85)), r"'output' is \(1, 378, 85\)"),  # YOLOv5: three anchors a cell
        ("yolox", _yolox(_zeros(1, 300, 6)), r"'output' is \(1, 300, 6\)"),  # suppressed already
        ("yolox", _yolox(_zeros(1, 126, 5)), "rows have 5 values"),
        ("yolox", {"boxes": _zeros(1, 9, 4), "scores": _zeros(1, 9, 1)}, r"2 outputs \(boxes \(1, 9, 4\), scores"),
        ("yolox", _yolox(v4=1296), "an objectness or class of 1296 is no probability"),
        ("yolox", _yolox(v9=-3), "an objectness or class of -3 is no probability"),
        ("yolox", _yolox(v2=96), r"exp\(96\) strides as its size, .* boxes seem to be decoded already"),
        ("yolox", _yolox(v0=float("nan")), "values that are no numbers"),
        ("yunet", _yunet(cls_8=_zeros(1, 95, 1)), r"'cls_8' is \(1, 95, 1\), not \(1, 96, 1\)"),
        ("yunet", _yunet(obj_32=_zeros(1, 6, 1) + 7), "a score of 7 is no probability"),
        ("yunet", {"loc": _zeros(1, 9, 14)}, "there is no output 'cls_8' among loc"),
        (
            "retinaface",
            _retinaface(face_rpn_bbox_pred_stride8_output=_zeros(1, 4, 8, 12)),
            r"'face_rpn_bbox_pred_stride8' is \(1, 4, 8, 12\), not \(1, 8, 8, 12\)",
        ),
        ("gluoncv", _gluoncv(score=17), "a score of 17 is no probability"),
        ("gluoncv", _gluoncv(box=6), r"'boxes' is \(1, 9, 6\), not \(1, any, 4\)"),
    ],
)
def test_outputs_of_another_network_are_refused(
    head: str, outputs: dict[str, npt.NDArray[np.float32]], says: str
) -> None:
    with pytest.raises(ModelLoadError, match=rf"^the network does not fit .*{says}.*; the head '{head}' reads"):
        heads.check(head, outputs, CATALOGUE.model(_MODELS[head]), (1, 3, 64, 96))


def test_yolox_decodes_all_classes_and_suppresses_by_class() -> None:
    model = dataclasses.replace(CATALOGUE.model("yolox_nano"), target_class=None)
    rows = np.zeros((1, 3549, 85), np.float32)
    cell = 10 * 52 + 20
    for offset, (scored, score) in enumerate(((0, 0.9), (2, 0.8), (2, 0.7))):
        # Neighbours whose boxes are the same.
        rows[0, cell + offset, :5] = [0.5 - offset, 0.25, np.log(4), np.log(8), 1]
        rows[0, cell + offset, 5 + scored] = score
    found = yolox.decode({"output": rows}, model, (1, 3, 416, 416))
    assert found.classes is not None
    assert found.classes.tolist() == [0, 2]
    assert found.scores.tolist() == pytest.approx([0.9, 0.8])
    cars = yolox.decode({"output": rows}, model, (1, 3, 416, 416), np.arange(80) == 2)
    assert cars.scores.tolist() == pytest.approx([0.8])


def test_suppression_counts_the_last_pixel_where_the_head_says_so() -> None:
    """Two boxes of 10 pixels that share 0.39 of what both cover, and 0.4 with half a pixel more."""
    boxes = np.array([[0, 0, 10, 10], [4.4, 0, 14.4, 10]], np.float32)
    found = Detections(boxes, np.array([0.5, 0.9], np.float32))
    assert len(suppress(found, iou=0.4).scores) == 2
    assert len(suppress(found, iou=0.4, last_pixel=0.5).scores) == 1
