from __future__ import annotations

import json

import pytest

from workbench.benchmarking import files


@pytest.mark.parametrize(
    ("variant", "name"),
    [("int8/yolox_nano@mxnet (2)", "int8-yolox_nano@mxnet-2-.png"), ("a+b@embedded", "a+b@embedded.png")],
)
def test_a_picture_is_named_after_its_variant(variant: str, name: str) -> None:
    assert files.picture_name(variant) == name


def test_weak_detections_are_not_drawn_and_all_matches_are() -> None:
    detection = {"width": 9, "height": 9, "bbox_scores": [[0.5], [0.49]], "bbox_coords": [[1, 2, 3, 4], [5, 6, 7, 8]]}
    assert files.found(json.dumps(detection).encode()) == [(0.5, [1, 2, 3, 4], "")]
    match = {"Similarity": -0.1, "Face": {"BoundingBox": [1, 2, 3, 4]}}
    comparison = {"SourceImageFace": {}, "FaceMatches": [match]}
    assert files.found(json.dumps(comparison).encode()) == [(-0.1, [1, 2, 3, 4], "")]
