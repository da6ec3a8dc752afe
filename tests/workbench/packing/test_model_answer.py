from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from workbench.errors import PackageError
from workbench.packing import model_answer


def _detections(scores: list[Any], boxes: list[list[float]]) -> dict[str, Any]:
    found = {"bbox_scores": [[score] for score in scores], "bbox_coords": boxes, "bbox_labels": ["face"] * len(boxes)}
    return {"width": 640, "height": 480, "channels": 3, **found}


def _face(confidence: float = 0.9, box: tuple[float, ...] = (1, 2, 30, 40)) -> dict[str, Any]:
    return {"BoundingBox": list(box), "Confidence": confidence, "KeyPoints": {}}


def _check(application: str, answer: Any) -> bool:
    return model_answer.check(application, httpx.Response(200, content=json.dumps(answer)))


@pytest.mark.parametrize(
    ("application", "answer"),
    [
        ("body-detection", _detections([], [])),
        ("body-detection", _detections([1, 0.3], [[0, 0, 640, 480], [5, 5, 6, 6]])),
        ("body-detection", _detections([0.9, 0.3], [[7, 0, 7, 480], [5, 5, 6, 6]])),  # less than a pixel wide or high
        ("body-detection", _detections([0.9] * 10, [[5.0, 480, 9, 480], *([[5.0, 5, 6, 6]] * 9)])),  # few, at the edge
        ("body-detection", _detections([0.02, 0.01], [[640, 10, 640, 20], [5, 5, 6, 6]])),  # noise in the padding
        ("face-comparison", {"SourceImageFace": None, "FaceMatches": []}),
        ("face-comparison", {"SourceImageFace": _face(), "FaceMatches": [{"Similarity": -0.2, "Face": _face()}]}),
        ("custom", float("nan")),
    ],
)
def test_a_right_answer(application: str, answer: Any) -> None:
    _check(application, answer)


@pytest.mark.parametrize(
    ("application", "answer", "says"),
    [
        ("body-detection", _detections([1296.0], [[0, 0, 9, 9]]), "a score of 1296.0, and expected is 0 to 1"),
        ("body-detection", _detections([-0.5], [[0, 0, 9, 9]]), "a score of -0.5"),
        ("body-detection", _detections([float("nan")], [[0, 0, 9, 9]]), "answers NaN, which is no number"),
        ("body-detection", _detections([None], [[0, 0, 9, 9]]), "a score of None"),
        ("body-detection", _detections([0.9], [[640, 0, 640, 480]]), "no area in the frame of 640 x 480 pixels"),
        (
            "body-detection",
            _detections([0.9] * 9, [[5.0, 480, 9, 480], *([[5.0, 5, 6, 6]] * 8)]),
            "no area in the frame",
        ),
        ("body-detection", _detections([0.9, 0.3], [[8, 0, 7, 480], [1, 1, 9, 9]]), "no area in the frame"),
        ("body-detection", _detections([0.9, 0.3], [[7, -1, 7, 480], [1, 1, 9, 9]]), "no area in the frame"),
        ("body-detection", _detections([0.9, 0.3], [[7, 0, 7, 9], [0, 3, 9, 3]]), "2 of the 2 boxes of all scores"),
        ("body-detection", {**_detections([0.9], [[0, 0, 9, 9]]), "bbox_labels": []}, r"1 scores with the names \[\]"),
        (
            "body-detection",
            {**_detections([0.9], [[0, 0, 9, 9]]), "bbox_labels": [""]},
            "give each class one in 'classes'",
        ),
        ("image-classification", {"labels": ["cat"], "scores": [0.7, 0.2]}, r"2 scores with the names \['cat'\]"),
        ("body-detection", _detections([0.9], [[0, 0, 700, 480]]), "no area in the frame"),
        ("body-detection", _detections([0.02], [[640, 10, 640, 20]]), "1 of the 1 boxes of all scores have no area"),
        (
            *("body-detection", _detections([0.2, 0.1, 0.1], [[0, 0, 0, 9], [0, 480, 9, 480], [0, 0, 9, 9]])),
            r"2 of the 3 boxes of all scores have no area in the frame of 640 x 480 pixels, such as \[0, 0, 0, 9\]",
        ),
        ("body-detection", {"results": [_detections([7], [[0, 0, 9, 9]])]}, "a score of 7"),
        ("image-classification", {"labels": ["cat"], "scores": [7.5]}, "a score of 7.5, and expected is 0 to 1"),
        ("face-comparison", {"SourceImageFace": _face(3), "FaceMatches": []}, "a confidence of 3"),
        ("face-comparison", {"SourceImageFace": _face(box=(9, 9, 9, 9)), "FaceMatches": []}, "outside its image"),
        (
            *("face-comparison", {"SourceImageFace": _face(), "FaceMatches": [{"Similarity": 8.5, "Face": _face()}]}),
            "a similarity of 8.5, and expected is -1 to 1",
        ),
    ],
)
def test_what_no_right_model_answers(application: str, answer: Any, says: str) -> None:
    with pytest.raises(PackageError, match=says):
        _check(application, answer)


@pytest.mark.parametrize(
    ("application", "answer", "found"),
    [
        ("body-detection", _detections([], []), False),
        ("body-detection", _detections([0.02], [[0, 0, 9, 9]]), True),
        ("body-detection", {"results": [_detections([], []), _detections([0.5], [[0, 0, 9, 9]])]}, True),
        ("body-detection", {"results": [_detections([], [])]}, False),
        ("image-classification", {"labels": ["cat"], "scores": [0.2]}, True),
        ("image-classification", {"results": [{"labels": [], "scores": []}]}, False),
        ("face-comparison", {"SourceImageFace": None, "FaceMatches": []}, False),
        ("face-comparison", {"SourceImageFace": _face(), "FaceMatches": []}, True),
        ("custom", [], True),
    ],
)
def test_an_answer_without_a_box_shows_nothing(application: str, answer: Any, found: bool) -> None:
    assert _check(application, answer) is found


def test_lines_beside_boxes_are_those_of_a_network_that_is_not_trained() -> None:
    lines: list[list[float]] = [[128, 272, 134, 272], [7, 10, 7, 90]]
    assert _check("body-detection", _detections([0.3] * 3, [[0, 0, 9, 9], *lines]))
    with pytest.raises(PackageError, match="2 of the 3 boxes of all scores have no area"):  # as shares of the frame
        _check("body-detection", _detections([0.3] * 3, [[0, 0, 1, 1], [1, 0, 1, 1], [0, 1, 1, 1]]))
