"""Shadows that SageMaker does not have, or that nothing serves, are refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

import ipc_ai_catalogue as catalogue
from workbench.errors import ParameterError
from workbench.template.parameters import check
from workbench.template.rendered_template import synthesize

IMAGE = "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine:1"
ARCHIVE = "s3://a-bucket/model.tar.gz"
BODIES = {"applicationType": "body-detection", "detectorModelName": "yolox_nano"}
PAIRS = {"applicationType": "face-comparison"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"endpointType": "serverless", "shadowModelName": "opencv_people"},
            "^shadowModelName needs endpointType=real-t",
        ),
        (
            {"endpointType": "async", "shadowModelName": "opencv_people"},
            "^shadowModelName needs endpointType=real-time; ",
        ),
        (
            {"deployInstanceType": "ml.inf1.xlarge", "containerImageUri": IMAGE, "shadowModelName": "opencv_people"},
            "^shadowModelName needs an instance type other than ml.inf1",
        ),
        ({"shadowModelDataUrl": ARCHIVE}, "^shadowModelDataUrl needs shadowModelName"),
        (
            {"shadowModelName": "opencv_peopl"},
            "^shadowModelName cannot be 'opencv_peopl', did you mean 'opencv_people'.*; applicationType=body-detection "
            "takes one of these as shadowModelName: .*; a name of your own takes shadowModelDataUrl=s3://BUCKET/KEY",
        ),
        ({"shadowModelName": "yunet_n"}, "^shadowModelName cannot be 'yunet_n'.*applicationType=body-detection takes"),
        ({"shadowModelName": "a+b", "shadowModelDataUrl": ARCHIVE}, "^shadowModelName cannot be 'a.b': .* one model"),
        (
            PAIRS | {"shadowModelName": "opencv_people"},
            "applicationType=face-comparison takes one of these as shadowMode",
        ),
        (
            PAIRS | {"shadowModelName": "my-faces", "shadowModelDataUrl": ARCHIVE},
            "^shadowModelName cannot be 'my-faces': .*so write shadowModelName=DETECTOR.EMBEDDER",
        ),
        ({"shadowModelName": "a b"}, "^shadowModelName cannot be 'a b'; it takes the name of a model"),
        ({"shadowModelName": "a+b+c"}, "^shadowModelName cannot be 'a.b.c'; it takes"),
        ({"shadowModelName": "n" * 64}, "it takes the name of a model"),
        (
            {"shadowModelName": "x", "shadowModelDataUrl": "model.tar.gz"},
            "^shadowModelDataUrl cannot be 'model.tar.gz'",
        ),
    ],
)
def test_refusals(template: dict[str, Any], given: dict[str, str], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        check(template, BODIES | given)


@pytest.mark.parametrize("value", ["0", "101", "01", "1.5", "", "-1", "ten"])
def test_percentages_that_are_none(template: dict[str, Any], value: str) -> None:
    with pytest.raises(ParameterError, match=f"^shadowPercentage cannot be '{value}'; it takes a whole number from 1 "):
        check(template, {"shadowPercentage": value})


@pytest.mark.parametrize(
    "given",
    [
        {"shadowModelName": "own.model-2", "shadowModelDataUrl": ARCHIVE},
        {"shadowModelName": "own", "modelDataUrl": ARCHIVE},
        {"shadowModelName": "own", "containerImageUri": IMAGE},
        {"shadowModelName": "a+b", "containerImageUri": IMAGE},
        {"shadowModelName": "own", "applicationType": "custom", "modelDataUrl": ARCHIVE},
        PAIRS | {"shadowModelName": "a+b", "shadowModelDataUrl": ARCHIVE},
        PAIRS | {"shadowModelName": "my-faces", "containerImageUri": IMAGE},
        {"deployInstanceType": "ml.inf2.xlarge", "containerImageUri": IMAGE, "shadowModelName": "opencv_people"},
    ],
)
def test_models_of_ones_own(template: dict[str, Any], given: dict[str, str]) -> None:
    assert check(template, BODIES | given)["shadowModelName"] == given["shadowModelName"]


@pytest.mark.parametrize("application", catalogue.load().applications)
def test_every_model_of_the_application(template: dict[str, Any], application: str) -> None:
    known = catalogue.load()
    choices = known.model_choices(application)
    for name in choices:
        live = {known.application(application).model_parameter: choices[0], "applicationType": application}
        assert check(template, live | {"shadowModelName": name})["shadowModelName"] == name


@pytest.mark.synth
def test_a_customized_image_has_a_shadow_of_ones_own_where_it_runs() -> None:
    customized = synthesize({"customizedApplication": "containers/customized-application"})
    own = {"shadowModelName": "own"}
    check(customized, BODIES | own | {"detectorModelName": "mine"})
    check(customized, own | {"applicationType": "custom"})
    with pytest.raises(ParameterError, match=r"^shadowModelName cannot be 'own'"):
        check(customized, BODIES | own)
