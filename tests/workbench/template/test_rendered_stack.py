"""The local run reads the live model out of the template, whatever stands beside it."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.template.rendered_stack import render

LIVE = {"applicationType": "body-detection", "detectorModelName": "yolox_nano"}


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1"])
def test_a_shadow_changes_nothing_that_runs_here(template: dict[str, Any], region: str) -> None:
    shadow = {"shadowModelName": "opencv_people", "shadowModelDataUrl": "s3://models/tiny.tar.gz"}
    alone, beside = render(template, LIVE, region), render(template, LIVE | shadow, region)
    assert (alone.shadow_model, beside.shadow_model) == (None, "opencv_people")
    assert beside.model_environment == alone.model_environment
    assert beside.model_environment["MODEL_NAME"] == "yolox_nano"
    assert beside.model_data_url is None
    assert beside.function == alone.function
