"""Names of models of the operator's own, and the form that their containers read."""

from __future__ import annotations

from typing import Any

import pytest

import ipc_ai_catalogue as catalogue
from inference_api.settings import older_short_size
from tests.stacks.rendering import REGIONS, of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check
from workbench.template.rendered_template import synthesize

IMAGE = "210987654321.dkr.ecr.us-east-1.amazonaws.com/guide:latest"
ARCHIVE = "s3://a-bucket/model.tar.gz"
OWN = {
    "applicationType": "body-detection",
    "detectorModelName": "my-detector_1.0",
    "deployInstanceType": "ml.g4dn.xlarge",
    "faceDetectAndCompareModelName": "retinaface_mnet025_v2+MobileFaceNet",
    "saveRequestEvents": "No",
}
WAYS = "modelDataUrl=s3://BUCKET/KEY of a model.tar.gz, containerImageUri=IMAGE, or --context customizedApplication="


def _functions(resources: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    return [entry["Environment"]["Variables"] for entry in of_type(resources, "AWS::Lambda::Function").values()]


def _container(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return dict(only(resources, "AWS::SageMaker::Model")["PrimaryContainer"])


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", [{"containerImageUri": IMAGE}, {"modelDataUrl": ARCHIVE}])
@pytest.mark.parametrize(
    "application", ["face-detection", "body-detection", "object-detection", "image-classification", "custom"]
)
def test_a_name_of_ones_own_is_taken_as_it_is(
    template: dict[str, Any], application: str, way: dict[str, str], region: str
) -> None:
    resources = rendered(template, region, **OWN | way | {"applicationType": application})
    assert _container(resources)["Environment"]["MODEL_NAME"] == "my-detector_1.0"
    assert _container(resources)["Environment"]["OBJECT_DETECTION_MODEL_NAME"] == "my-detector_1.0"
    assert _functions(resources)[0]["MODEL_NAME"] == "my-detector_1.0"


@pytest.mark.parametrize(
    ("way", "pair"),
    [
        *(({"containerImageUri": IMAGE}, pair) for pair in ("yunet_n+myface", "my-faces", "a.b+c_d")),
        *(({"modelDataUrl": ARCHIVE}, pair) for pair in ("yunet_n+myface", "a.b+c_d")),
        ({"modelDataUrl": ARCHIVE, "containerImageUri": IMAGE}, "my-faces"),
    ],
)
def test_a_pair_of_ones_own_is_taken_as_it_is(template: dict[str, Any], way: dict[str, str], pair: str) -> None:
    given = {"applicationType": "face-comparison", "faceDetectAndCompareModelName": pair}
    resources = rendered(template, **given | way)
    assert _container(resources)["Environment"]["MODEL_NAME"] == pair
    assert _functions(resources)[0]["MODEL_NAME"] == pair


def test_one_name_for_a_comparison_by_the_image_built_here_is_refused(template: dict[str, Any]) -> None:
    """That image takes a detector and an embedder; rules of CloudFormation know no patterns, so the commands look."""
    pair = {"faceDetectAndCompareModelName": "my-faces", "modelDataUrl": ARCHIVE}
    with pytest.raises(ParameterError, match=r"cannot be 'my-faces': .* write faceDetectAndCompareModelName=DETECTOR"):
        check(template, {"applicationType": "face-comparison", **pair})
    check(template, {"applicationType": "body-detection", "detectorModelName": "yolox_nano", **pair})


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (OWN, f"detectorModelName cannot be 'my-detector_1.0'.*; applicationType=body-detection takes one of.*{WAYS}"),
        (OWN | {"detectorModelName": "yolox_nan"}, "did you mean 'yolox_nano'"),
        ({"applicationType": "object-detection"}, "'yolo3_darknet53_coco'.*; applicationType=object-detection takes"),
        (
            {"applicationType": "object-detection", "detectorModelName": "yunet_n"},
            "write applicationType=face-detection",
        ),
        ({"applicationType": "image-classification"}, f"applicationType=image-classification .*{WAYS}"),
        ({"faceDetectAndCompareModelName": "yunet_n+myface"}, f"takes one of: .*{WAYS}"),
        ({"faceDetectAndCompareModelName": "a+b+c", "modelDataUrl": ARCHIVE}, "names of a detector and an embedder"),
        ({"containerShortSize": "31"}, "from 32 to 2048, or empty"),
        ({"containerShortSize": "2049"}, "from 32 to 2048, or empty"),
        ({"containerShortSize": "300"}, "containerShortSize needs containerRequestFormat=json; leave it empty"),
        ({"deployInstanceType": "ml.g5g.xlarge"}, "Graviton, Inferentia or Trainium"),
        ({"containerRequestFormat": "jpeg"}, "it takes one of: image, json"),
        ({"deployInstanceType": "ml.c7g.xlarge"}, "Graviton, Inferentia or Trainium"),
        ({"deployInstanceType": "ml.inf2.xlarge", "modelDataUrl": ARCHIVE}, "name an image for it"),
        ({"deployInstanceType": "g5.xlarge"}, "ml.FAMILY.SIZE, for example ml.g5.xlarge"),
        ({"deployInstanceType": "ml.g5"}, "ml.FAMILY.SIZE"),
    ],
)
def test_without_a_model_of_ones_own_the_refusal_names_the_ways(
    template: dict[str, Any], given: dict[str, str], says: str
) -> None:
    with pytest.raises(ParameterError, match=says):
        check(template, given)


def test_images_for_other_processors_may_be_ones_own(template: dict[str, Any]) -> None:
    for name in ("ml.c7g.xlarge", "ml.inf2.24xlarge", "ml.trn1.32xlarge"):
        check(template, {"deployInstanceType": name, "containerImageUri": IMAGE})


@pytest.mark.synth
def test_a_customized_image_runs_for_names_of_ones_own_alone() -> None:
    customized = synthesize({"customizedApplication": "containers/customized-application"})

    def image(**given: str) -> str:
        return str(_container(rendered(customized, **given))["Image"])

    own = image(**OWN)
    faces = image(applicationType="face-comparison", faceDetectAndCompareModelName="yunet_n+myface")
    assert own == faces == image(applicationType="custom")
    known = [{"applicationType": "body-detection", "detectorModelName": "yolox_nano"}, {}]
    known += [{"applicationType": "face-comparison"}]
    assert own not in {image(**given) for given in known}


def test_a_program_without_a_name_is_custom_in_metrics(template: dict[str, Any]) -> None:
    resources = rendered(template, applicationType="custom", modelDataUrl=ARCHIVE)
    assert _functions(resources)[0]["MODEL_NAME"] == "custom"
    assert _container(resources)["Environment"]["MODEL_NAME"] == catalogue.load().detectors()[0]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    ("given", "form", "short_size"),
    [
        ({}, "image", None),
        ({"containerRequestFormat": "json"}, "json", 416),
        ({"containerRequestFormat": "json", "detectorModelName": "ssd_512_resnet50_v1_coco"}, "json", 512),
        ({"containerRequestFormat": "json", "detectorModelName": "yolo3_mobilenet1.0_coco"}, "json", 416),
        ({"containerRequestFormat": "json", "detectorModelName": "faster_rcnn_fpn_resnet101_v1d_coco"}, "json", 600),
        ({"containerRequestFormat": "json", "detectorModelName": "mine", "containerImageUri": IMAGE}, "json", 416),
        ({"containerRequestFormat": "json", "containerShortSize": "608"}, "json", 608),
    ],
)
def test_both_functions_know_the_form(
    template: dict[str, Any], given: dict[str, str], form: str, short_size: int | None, region: str
) -> None:
    """The sizes are those that the first version's function sent for its four models."""
    functions = _functions(rendered(template, region, ingestFromS3="Yes", **given))
    assert len(functions) == 2
    for environment in functions:
        assert environment["CONTAINER_REQUEST_FORMAT"] == form
        assert older_short_size(environment) == short_size


@pytest.mark.parametrize(("kind", "seconds"), [("real-time", None), ("serverless", None), ("async", "900")])
def test_hooks_have_the_time_that_sagemaker_gives(template: dict[str, Any], kind: str, seconds: str | None) -> None:
    container = _container(rendered(template, endpointType=kind))
    assert container["Environment"].get("MODEL_SERVER_TIMEOUT") == seconds
