from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipc_ai_serving.vision.alignment import TEMPLATES, cut_out, placements, similarity


@given(angle=st.floats(-3.1, 3.1), scale=st.floats(0.05, 20), right=st.floats(-500, 500), down=st.floats(-500, 500))
def test_asimilarity_is_recovered(angle: float, scale: float, right: float, down: float) -> None:
    target = TEMPLATES["arcface"] * 112
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    source = (target @ turn.T + [right, down]).astype(np.float32)
    found = similarity(source, target)
    assert np.allclose(source @ found[:, :2].T + found[:, 2], target, atol=0.05)


def test_points_in_one_place_do_no_harm() -> None:
    assert np.isfinite(similarity(np.full((5, 2), 30, np.float32), TEMPLATES["dlib"] * 150)).all()


def test_a_face_lands_on_the_template() -> None:
    template = TEMPLATES["arcface"]
    frame = np.zeros((400, 400, 3), np.uint8)
    landmarks = (template * 224 + 100).astype(np.float32)
    for x, y in landmarks:
        cv2.circle(frame, (round(x), round(y)), 4, (255, 255, 255), cv2.FILLED)
    (other, place) = placements(np.stack([landmarks / 2, landmarks]), "arcface", 112)
    assert not np.allclose(other, place)
    face = cut_out(frame, place, 112)
    assert face.shape == (112, 112, 3)
    for x, y in template * 112:
        assert face[round(y), round(x)].min() > 100


def test_the_dlib_template_is_the_one_that_dlib_aligns_to(photograph: Path) -> None:
    """dlib's own chip of the photograph and ours show the face at the same place."""
    dlib = pytest.importorskip("dlib")
    from ipc_ai_serving.engines.embedded.engine import _five_landmarks, weights

    image = cv2.imread(str(photograph))
    assert image is not None
    image = np.ascontiguousarray(image[:, :, ::-1])
    predictor = dlib.shape_predictor(str(weights("shape_predictor_5_face_landmarks.dat")))
    box = dlib.get_frontal_face_detector()(image, 1)[0]
    theirs = dlib.get_face_chip(image, predictor(image, box), 150, 0.25)
    (place,) = placements(_five_landmarks(predictor(image, box))[None], "dlib", 150)
    ours = cut_out(image.astype(np.uint8), place, 150)
    whole = dlib.rectangle(25, 25, 125, 125)
    difference = _five_landmarks(predictor(theirs, whole)) - _five_landmarks(predictor(ours, whole))
    assert np.abs(difference).max() < 5  # pixels of 150
