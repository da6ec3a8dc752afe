"""The synthesized template, rendered as CloudFormation would render it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import ipc_ai_catalogue as catalogue
from inference_api.parsing import media_types
from ipc_ai_serving.requests import content
from workbench.errors import ParameterError
from workbench.template.parameters import check
from workbench.template.rendered_template import render_template

Resources = dict[str, dict[str, Any]]
REGIONS = {"us-east-1": ("aws", "amazonaws.com"), "cn-north-1": ("aws-cn", "amazonaws.com.cn")}
PROMISED = {
    "applicationType": ["face-detection", "body-detection", "face-comparison", "custom"],
    "deployInstanceType": ["ml.g4dn.xlarge", "ml.m5.xlarge"],
    "detectorModelName": [
        "yolo3_darknet53_coco",
        "ssd_512_resnet50_v1_coco",
        "yolo3_mobilenet1.0_coco",
        "faster_rcnn_fpn_resnet101_v1d_coco",
    ],
    "faceDetectAndCompareModelName": [
        "retinaface_mnet025_v2+MobileFaceNet",
        "retinaface_mnet025_v2+LResNet100E-IR",
        "retinaface_r50_v1+MobileFaceNet",
    ],
    "saveRequestEvents": ["No", "Yes"],
}


INSTANCE_PROCESSORS = {
    **dict.fromkeys(["ml.g4dn.xlarge", "ml.g4dn.2xlarge", "ml.g5.xlarge", "ml.g6e.48xlarge", "ml.gr6.4xlarge"], "gpu"),
    **dict.fromkeys(["ml.p3.2xlarge", "ml.p4de.24xlarge", "ml.p5.48xlarge", "ml.p6-b200.48xlarge"], "gpu"),
    **dict.fromkeys(["ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.t2.medium"], "cpu"),
    **dict.fromkeys(["ml.c7i.large", "ml.r5d.24xlarge", "ml.m7i-flex.large"], "cpu"),
}


def _choices(template: Mapping[str, Any], name: str) -> list[str]:
    """The values of a promised parameter; names of models and types of instances may be others, too."""
    if name == "detectorModelName":
        return catalogue.load().detectors()
    if name == "faceDetectAndCompareModelName":
        return catalogue.load().model_choices("face-comparison")
    if name == "deployInstanceType":
        return PROMISED[name]
    choices: list[str] = template["Parameters"][name]["AllowedValues"]
    return choices


def _of_type(resources: Resources, kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def _render(template: Mapping[str, Any], region: str = "us-east-1", **given: str) -> Resources:
    resources: Resources = render_template(template, check(template, given), region)["Resources"]
    return resources


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def test_the_five_promised_parameters(template: dict[str, Any]) -> None:
    own = {name: entry for name, entry in template["Parameters"].items() if name != "BootstrapVersion"}
    assert set(own) > set(PROMISED)
    for name, values in PROMISED.items():
        assert own[name]["Default"] == values[0]
        assert _choices(template, name)[: len(values)] == values
        assert own[name]["Description"]
    assert all("Default" in entry for entry in own.values())
    grouped = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in grouped for name in group["Parameters"]) == sorted(own)
    labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    assert set(labels) == set(own)
    assert labels["saveRequestEvents"]["default"] == "Save Request Events (saveRequestEvents)"


APPLICATIONS_OF_A_MODEL = ("face-detection", "body-detection", "object-detection", "image-classification")


def test_every_combination_renders_in_both_partitions(template: dict[str, Any]) -> None:
    names = list(PROMISED)
    known = catalogue.load()
    refused = rendered = 0
    for values in itertools.product(*(_choices(template, name) for name in names)):
        given = dict(zip(names, values, strict=True))
        application, model = given["applicationType"], given["detectorModelName"]
        if application == "custom":
            with pytest.raises(ParameterError, match="custom needs modelDataUrl"):
                check(template, given)
            given["modelDataUrl"] = "s3://bucket/path/model.tar.gz"
        if application in APPLICATIONS_OF_A_MODEL and application not in known.model(model).applications:
            with pytest.raises(ParameterError, match=f"applicationType={application} takes one of"):
                check(template, given)
            refused += 1
            continue
        for region, (partition, suffix) in REGIONS.items():
            _check_rendering(_render(template, region, **given), given, partition, suffix)
            rendered += 1
    assert refused > 100
    assert rendered > 1000


def _check_rendering(resources: Resources, given: Mapping[str, str], partition: str, suffix: str) -> None:
    (model,) = _of_type(resources, "AWS::SageMaker::Model")
    (config,) = _of_type(resources, "AWS::SageMaker::EndpointConfig")
    (function,) = _of_type(resources, "AWS::Lambda::Function")
    container = model["PrimaryContainer"]
    assert container.get("ModelDataUrl") == given.get("modelDataUrl")
    compares = given["applicationType"] == "face-comparison"
    chosen = given["faceDetectAndCompareModelName" if compares else "detectorModelName"]
    assert container["Environment"]["APPLICATION_TYPE"] == given["applicationType"]
    assert container["Environment"]["MODEL_NAME"] == chosen
    assert f".dkr.ecr.{'us-east-1' if partition == 'aws' else 'cn-north-1'}.{suffix}/" in container["Image"]
    assert config["ProductionVariants"][0]["InstanceType"] == given["deployInstanceType"]
    variables = function["Environment"]["Variables"]
    assert variables["APPLICATION_TYPE"] == given["applicationType"]
    assert variables["SAVE_REQUEST_EVENTS"] == given["saveRequestEvents"]
    assert function["TracingConfig"]["Mode"] == ("Active" if partition == "aws" else "PassThrough")
    for text in _strings(resources):
        assert not text.startswith("Fn::")
        assert text != "Ref"
        if text.startswith("arn:"):
            assert text.startswith(f"arn:{partition}:")
        if "amazonaws.com" in text and "dkr.ecr" in text:
            assert (".amazonaws.com.cn" in text) == (partition == "aws-cn")


def test_the_image_follows_the_processor(template: dict[str, Any]) -> None:
    images = {
        name: _of_type(_render(template, deployInstanceType=name), "AWS::SageMaker::Model")[0]["PrimaryContainer"][
            "Image"
        ]
        for name in INSTANCE_PROCESSORS
    }
    by_processor = {
        processor: {images[name] for name, runs in INSTANCE_PROCESSORS.items() if runs == processor}
        for processor in ("cpu", "gpu")
    }
    assert [len(found) for found in by_processor.values()] == [1, 1]
    assert by_processor["cpu"] != by_processor["gpu"]


def test_nothing_has_a_fixed_physical_name(template: dict[str, Any]) -> None:
    naming = {
        "BucketName",
        "FunctionName",
        "RoleName",
        "EndpointName",
        "EndpointConfigName",
        "LogGroupName",
        "ModelName",
    }
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::SageMaker::EndpointConfig":
            continue  # its variants name a Model, by reference
        for name in naming & set(resource.get("Properties", {})):
            assert isinstance(resource["Properties"][name], dict), f"{logical_id} has the fixed {name}"


# The only actions that AWS gives no resource to: registry login, metrics, traces.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
GRANTED = WITHOUT_RESOURCE | {
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    # API Gateway's, of the account's role: it asks for these too.
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "cloudwatch:DescribeAlarms",
    "sagemaker:InvokeEndpoint",
}


def _statements(resources: Resources) -> Iterator[dict[str, Any]]:
    for policy in _of_type(resources, "AWS::IAM::Policy"):
        yield from policy["PolicyDocument"]["Statement"]
    for role in _of_type(resources, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("region", REGIONS)
def test_roles_may_do_what_they_need_and_nothing_else(template: dict[str, Any], region: str) -> None:
    granted: set[str] = set()
    for statement in _statements(_render(template, region)):
        actions = set(_list(statement["Action"]))
        granted |= actions
        if "*" in _list(statement["Resource"]):
            assert actions <= WITHOUT_RESOURCE
    assert granted <= GRANTED
    assert "s3:GetObject" not in granted
    assert ("xray:PutTraceSegments" in granted) == (region == "us-east-1")


@pytest.mark.parametrize("region", REGIONS)
def test_the_endpoint_may_read_its_model_data_and_no_other_object(template: dict[str, Any], region: str) -> None:
    resources = _render(template, region, modelDataUrl="s3://bucket/path/model.tar.gz")
    (statement,) = (entry for entry in _statements(resources) if entry["Action"] == "s3:GetObject")
    assert statement["Resource"] == f"arn:{REGIONS[region][0]}:s3:::bucket/path/model.tar.gz"


@pytest.mark.parametrize("region", REGIONS)
def test_the_endpoint_may_read_frames_of_one_bucket(template: dict[str, Any], region: str) -> None:
    resources = _render(template, region, frameBucketName="camera.frames-1")
    (statement,) = (entry for entry in _statements(resources) if entry["Action"] == "s3:GetObject")
    assert statement["Resource"] == f"arn:{REGIONS[region][0]}:s3:::camera.frames-1/*"
    (model,) = _of_type(resources, "AWS::SageMaker::Model")
    assert model["PrimaryContainer"]["Environment"]["AWS_DEFAULT_REGION"] == region
    for name in ("s3://bucket", "bucket/*", "*", "B", "a"):
        with pytest.raises(ParameterError, match="the name of an S3 bucket, or empty"):
            check(template, {"frameBucketName": name})


@pytest.mark.parametrize("region", REGIONS)
def test_a_custom_applications_model_may_have_any_name(template: dict[str, Any], region: str) -> None:
    given = {
        "applicationType": "custom",
        "modelDataUrl": "s3://bucket/model.tar.gz",
        "detectorModelName": "my-model.v2",
    }
    (model,) = _of_type(_render(template, region, **given), "AWS::SageMaker::Model")
    environment = model["PrimaryContainer"]["Environment"]
    assert environment["MODEL_NAME"] == environment["OBJECT_DETECTION_MODEL_NAME"] == "my-model.v2"


def test_face_comparison_does_not_look_at_the_detectors_name(template: dict[str, Any]) -> None:
    given = {"applicationType": "face-comparison", "detectorModelName": "my-model"}
    (model,) = _of_type(_render(template, **given), "AWS::SageMaker::Model")
    assert model["PrimaryContainer"]["Environment"]["MODEL_NAME"] == "retinaface_mnet025_v2+MobileFaceNet"


@pytest.mark.parametrize("application", ["face-detection", "body-detection"])
def test_a_detector_that_is_not_in_the_catalogue_is_refused_with_the_nearest(
    template: dict[str, Any], application: str
) -> None:
    wanted = {"face-detection": "yunet_n", "body-detection": "yolox_nano"}[application]
    says = f"detectorModelName cannot be '{wanted}2', did you mean '{wanted}'.*applicationType={application} takes one"
    with pytest.raises(ParameterError, match=says):
        check(template, {"applicationType": application, "detectorModelName": f"{wanted}2"})


@pytest.mark.parametrize("name", ["", "../etc", "a/b", "-x", "a b", "n" * 64])
def test_a_name_that_is_none(template: dict[str, Any], name: str) -> None:
    given = {"applicationType": "custom", "modelDataUrl": "s3://bucket/model.tar.gz", "detectorModelName": name}
    with pytest.raises(ParameterError, match="it takes a name of letters"):
        check(template, given)


DIGEST = f"sha256:{'0123456789abcdef' * 4}"
# An image's URI after its host, and the repository in it.
IMAGES = {
    "mine": "mine",
    "mine:1.0": "mine",
    f"mine@{DIGEST}": "mine",
    "team/vision/frame-quality:latest": "team/vision/frame-quality",
    f"team/vision.cn/frame_quality@{DIGEST}": "team/vision.cn/frame_quality",
}


@pytest.mark.parametrize("application", PROMISED["applicationType"])
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("image", IMAGES)
def test_an_image_in_ecr(template: dict[str, Any], image: str, region: str, application: str) -> None:
    partition, suffix = REGIONS[region]
    uri = f"210987654321.dkr.ecr.{region}.{suffix}/{image}"
    detector = {"body-detection": "yolox_nano"}.get(application, "yunet_n")
    given = {"applicationType": application, "containerImageUri": uri, "detectorModelName": detector}
    resources = _render(template, region, **given)
    (model,) = _of_type(resources, "AWS::SageMaker::Model")
    assert model["PrimaryContainer"]["Image"] == uri
    assert "ModelDataUrl" not in model["PrimaryContainer"]
    repositories = {
        statement["Resource"] for statement in _statements(resources) if "ecr:BatchGetImage" in statement["Action"]
    }
    assert repositories == {f"arn:{partition}:ecr:{region}:210987654321:repository/{IMAGES[image]}"}


@pytest.mark.parametrize("region", REGIONS)
def test_without_an_image_of_ones_own_only_those_built_here_may_be_pulled(
    template: dict[str, Any], region: str
) -> None:
    (statement,) = (
        statement for statement in _statements(_render(template, region)) if "ecr:BatchGetImage" in statement["Action"]
    )
    assert statement["Resource"].startswith(f"arn:{REGIONS[region][0]}:ecr:{region}:")
    assert ":repository/cdk-" in statement["Resource"]


def test_a_choice_out_of_range_would_be_found(template: dict[str, Any]) -> None:
    """So rendering proves that none is, for the empty URI either."""
    broken = {"Type": "X", "Properties": {"Y": {"Fn::Select": [3, {"Fn::Split": [".", "a.b"]}]}}}
    with pytest.raises(IndexError):
        _render({**template, "Resources": {**template["Resources"], "Broken": broken}})


@pytest.mark.parametrize(
    "uri",
    [
        "mine:1.0",
        "public.ecr.aws/team/mine:1.0",
        "210987654321.dkr.ecr.us-east-1.amazonaws.com/",
        "210987654321.dkr.ecr.us-east-1.amazonaws.com/Mine",
        "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine@sha256:abc",
        "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine:1:2",
        "210987654321.dkr.ecr.us-east-1.example.com/mine",
    ],
)
def test_an_image_elsewhere_is_refused(template: dict[str, Any], uri: str) -> None:
    with pytest.raises(ParameterError, match="it takes the URI of an image in a private ECR repository"):
        check(template, {"containerImageUri": uri})


def test_no_managed_policy_is_attached(template: dict[str, Any]) -> None:
    for role in _of_type(_render(template), "AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role


def test_the_function_ends_before_the_api_gives_up(template: dict[str, Any]) -> None:
    (function,) = _of_type(_render(template), "AWS::Lambda::Function")
    assert function["Timeout"] < 29
    assert function["Runtime"] == "python3.14"


def test_the_api_has_its_routes_and_their_preflights(template: dict[str, Any]) -> None:
    resources = _render(template)
    methods = [
        (method["HttpMethod"], method["Integration"]["Type"])
        for method in _of_type(resources, "AWS::ApiGateway::Method")
    ]
    # A frame and its answer, and on each of four paths of pushes the three methods of cameras.
    of_pushes = [(method, "AWS_PROXY") for method in ("GET", "POST", "PUT")] * 4
    own = [("GET", "AWS_PROXY"), ("POST", "AWS_PROXY"), *[("OPTIONS", "MOCK")] * 4]
    assert sorted(methods) == sorted([*own, *of_pushes])
    parts = [resource["PathPart"] for resource in _of_type(resources, "AWS::ApiGateway::Resource")]
    assert sorted(parts) == ["inference", "push", "{proxy+}", "{proxy+}", "{request_id}"]
    (api,) = _of_type(resources, "AWS::ApiGateway::RestApi")
    # The gateway hands every body over as bytes; function and container take the same types for an image.
    assert api["BinaryMediaTypes"] == ["*/*"]
    assert media_types.IMAGE_TYPES == content.IMAGE_TYPES


def test_the_gateways_own_answers_have_the_error_shape(template: dict[str, Any]) -> None:
    answers = _of_type(_render(template), "AWS::ApiGateway::GatewayResponse")
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN"} <= {
        answer["ResponseType"] for answer in answers
    }
    for answer in answers:
        text = answer["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"said"')
        assert sorted(json.loads(text)["error"]) == ["code", "message", "request_id"]


def test_the_outputs_an_operator_needs(template: dict[str, Any]) -> None:
    outputs = render_template(template, check(template, {}), "cn-north-1")["Outputs"]
    assert sorted(outputs) == ["ApiUrl", "DashboardName", "EndpointName", "EventsBucket", "PushUrl"]
    assert outputs["PushUrl"]["Value"] == outputs["ApiUrl"]["Value"].removesuffix("inference") + "push"
    assert outputs["ApiUrl"]["Value"].startswith("https://")
    assert outputs["ApiUrl"]["Value"].endswith("/inference")
    assert ".amazonaws.com.cn/" in outputs["ApiUrl"]["Value"]


@pytest.mark.parametrize("instance_type", INSTANCE_PROCESSORS)
def test_the_gpu_image_gets_a_host_whose_driver_fits(template: dict[str, Any], instance_type: str) -> None:
    resources = _render(template, deployInstanceType=instance_type)
    (config,) = _of_type(resources, "AWS::SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]
    # CUDA 13, the one of onnxruntime-gpu, needs driver 580.
    expected = {"gpu": "al2023-ami-sagemaker-inference-gpu-4-1", "cpu": None}[INSTANCE_PROCESSORS[instance_type]]
    assert (variant.get("InferenceAmiVersion") or None) == expected


def test_an_image_of_the_operators_own_gets_the_usual_host(template: dict[str, Any]) -> None:
    image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine:1"
    resources = _render(template, deployInstanceType="ml.g4dn.xlarge", containerImageUri=image)
    (config,) = _of_type(resources, "AWS::SageMaker::EndpointConfig")
    assert not config["ProductionVariants"][0].get("InferenceAmiVersion")


AMI = "al2-ami-sagemaker-inference-gpu-3-1"
IMAGE = "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine:1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"inferenceAmiVersion": "NONE"}, None),
        ({"inferenceAmiVersion": AMI}, AMI),
        ({"inferenceAmiVersion": AMI, "containerImageUri": IMAGE}, AMI),
        ({"inferenceAmiVersion": AMI, "endpointType": "async"}, AMI),
        ({"inferenceAmiVersion": AMI, "endpointType": "serverless"}, None),
        ({"inferenceAmiVersion": AMI, "deployInstanceType": "ml.m5.xlarge"}, None),
        ({"inferenceAmiVersion": "AUTO", "endpointType": "serverless"}, None),
    ],
)
def test_the_hosts_image_is_the_operators_choice(
    template: dict[str, Any], given: dict[str, str], expected: str | None
) -> None:
    """A region that does not know the default refuses the configuration, and NONE is the way out."""
    (config,) = _of_type(_render(template, "us-east-1", **given), "AWS::SageMaker::EndpointConfig")
    assert (config["ProductionVariants"][0].get("InferenceAmiVersion") or None) == expected


@pytest.mark.parametrize("value", ["auto", "", "AL2", "ami_1", "-a", "a b"])
def test_host_images_that_are_none(template: dict[str, Any], value: str) -> None:
    with pytest.raises(ParameterError, match="it takes AUTO, NONE, or the name of an InferenceAmiVersion"):
        check(template, {"inferenceAmiVersion": value})
