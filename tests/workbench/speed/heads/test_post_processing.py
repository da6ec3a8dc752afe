from __future__ import annotations

import numpy as np
import pytest

from ipc_ai_serving.vision.detections import SCORE_FLOOR
from workbench.speed.heads import post_processing
from workbench.speed.heads.post_processing import LAYOUTS, SCENES


@pytest.mark.parametrize(("name", "likely"), [("street", 240), ("crowd", 2250)])
def test_scenes_are_those_of_a_trained_network(name: str, likely: int) -> None:
    output = post_processing.columns(SCENES[name])
    assert output.shape == (1, 84, 8400)
    assert output.dtype == np.float32
    assert int((output[0, 4:].max(axis=0) >= SCORE_FLOOR).sum()) == likely


def test_rows_with_objectness_have_the_scores_of_the_columns() -> None:
    output = post_processing.objectness_rows(SCENES["street"])
    assert output.shape == (1, 8400, 85)
    assert output.dtype == np.float32
    scores = output[0, :, 4:5] * output[0, :, 5:]
    assert np.allclose(scores, post_processing.columns(SCENES["street"])[0, 4:].T, rtol=1e-5)


def test_every_layout_and_scene_has_a_figure_with_the_limit() -> None:
    found = post_processing.figures(times=1)
    assert len(found) == len(LAYOUTS) * len(SCENES)
    assert {(figure.sign, figure.target, figure.unit) for figure in found} == {("<=", 2.0, "ms")}
    assert all(figure.value > 0 for figure in found)
