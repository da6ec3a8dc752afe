"""``deploy`` with a path or a model: against moto, where S3 takes the archive, with a stub of the CDK."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import ipc_ai_catalogue as catalogue
from tests.saved_models import saved_model
from tests.tiny_models import write_yolox_onnx
from tests.workbench.ready_account import make_ready
from tests.workbench.recorded_cdk import RecordedCdk
from workbench.deployment import model_to_deploy
from workbench.errors import AccountError, PackageError, ParameterError
from workbench.template import parameters
from workbench.verbs import deploy

REGION = "eu-west-1"
BUCKET = "cdk-hnb659fds-assets-123456789012-eu-west-1"
_PROGRAM = """\
def model_fn(model_dir):
    return None


def input_fn(body, content_type):
    return len(body)


def predict_fn(size, model):
    return {"bytes": size}
"""
_OF_THE_STACK = ("applicationType", "detectorModelName", "modelDataUrl", "containerImageUri", "deployInstanceType")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Account that is bootstrapped: the CDK's parameter, and its stack with the bucket."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    toolkit = {
        "Resources": {"StagingBucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}},
        "Outputs": {"BucketName": {"Value": {"Ref": "StagingBucket"}}},
    }
    with mock_aws():
        boto3.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        boto3.client("cloudformation").create_stack(StackName="CDKToolkit", TemplateBody=json.dumps(toolkit))
        make_ready(monkeypatch, REGION, "eu-west-3")
        yield


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "size"
    (folder / "code").mkdir(parents=True)
    (folder / "code/inference.py").write_text(_PROGRAM)
    return folder


def _deploy(template: dict[str, Any], cdk: RecordedCdk, *words: str) -> int:
    parser = argparse.ArgumentParser()
    deploy.add_arguments(parser)
    return deploy.run(parser.parse_args(words), cdk=cdk.path, synthesized=lambda _: template)


def _parameters(cdk: RecordedCdk) -> dict[str, str]:
    """Parameters that the CDK was given."""
    assert cdk.words is not None
    return dict(
        word.split("=", 1) for before, word in zip(cdk.words, cdk.words[1:], strict=False) if before == "--parameters"
    )


def _stack_as_deployed(parameters: dict[str, str]) -> None:
    """Creates the stack that CloudFormation keeps after the recorded deployment."""
    template = {
        "Parameters": {name: {"Type": "String", "Default": ""} for name in _OF_THE_STACK},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"ApiUrl": {"Value": "https://abc.execute-api.eu-west-1.amazonaws.com/prod/inference"}},
    }
    values = {"detectorModelName": "yolox_nano", "deployInstanceType": "ml.c5.xlarge"} | parameters
    boto3.client("cloudformation").create_stack(
        StackName="ipc-ai-saas",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": values.get(key, "")} for key in _OF_THE_STACK],
    )


def _objects() -> list[str]:
    return [entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_a_path_is_packed_tried_uploaded_and_deployed_and_the_same_call_updates(
    template: dict[str, Any], account: None, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(program), "--output", str(tmp_path / "size.tar.gz"), "--instance", "ml.c5.xlarge"]
    cdk = RecordedCdk(tmp_path)
    assert _deploy(template, cdk, *words) == 0
    first = _parameters(cdk)
    (key,) = _objects()
    assert first == {
        "applicationType": "custom",
        "detectorModelName": "size",  # for metrics and logs
        "modelDataUrl": f"s3://{BUCKET}/{key}",
        "containerImageUri": "",
        "deployInstanceType": "ml.c5.xlarge",
    }
    said = capsys.readouterr().out
    planned = [said.index(part) for part in ("modelDataUrl", "npx cdk deploy", "served ", "uploaded ")]
    assert planned == sorted(planned)
    assert '{"bytes": ' in said

    _stack_as_deployed(first)
    assert _deploy(template, cdk, *words) == 0
    said = capsys.readouterr().out
    assert _parameters(cdk) == first
    assert f"there       s3://{BUCKET}/{key}" in said
    assert "modelDataUrl  " not in said  # unchanged
    assert "API       https://abc.execute-api.eu-west-1.amazonaws.com/prod/inference" in said

    (program / "code/inference.py").write_text(_PROGRAM + "\n")
    assert _deploy(template, cdk, *words) == 0
    (other,) = set(_objects()) - {key}
    assert _parameters(cdk)["modelDataUrl"] == f"s3://{BUCKET}/{other}"
    assert f"s3://{BUCKET}/{key} -> s3://{BUCKET}/{other}" in capsys.readouterr().out


def test_a_program_that_does_not_serve_reaches_neither_s3_nor_the_cdk(
    template: dict[str, Any], account: None, program: Path, tmp_path: Path
) -> None:
    (program / "code/inference.py").write_text("def model_fn(model_dir):\n    raise OSError('no weights')\n")
    cdk = RecordedCdk(tmp_path)
    with pytest.raises(PackageError, match=r"size.tar.gz does not serve: .*no weights"):
        _deploy(template, cdk, str(program), "--output", str(tmp_path / "size.tar.gz"))
    assert cdk.words is None
    assert _objects() == []


def test_what_another_image_will_serve_is_not_tried_here(
    template: dict[str, Any], account: None, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"
    words = [str(program), "--output", str(tmp_path / "a.tar.gz"), "--parameters", f"containerImageUri={image}"]
    assert _deploy(template, RecordedCdk(tmp_path), *words) == 0
    said = capsys.readouterr().out
    assert f"served      not tried here: the image that will serve it, {image}, does not run here" in said


def test_a_dry_run_packs_and_no_more(
    template: dict[str, Any], account: None, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdk = RecordedCdk(tmp_path)
    assert _deploy(template, cdk, str(program), "--output", str(tmp_path / "a.tar.gz"), "--dry-run", "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert cdk.words is None
    assert _objects() == []
    digest = plan["archive"]["sha256"]
    assert plan["changes"]["modelDataUrl"]["after"] == f"s3://{BUCKET}/models/{digest}/model.tar.gz"


def test_a_bucket_of_ones_own(
    template: dict[str, Any], account: None, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(program), "--output", str(tmp_path / "a.tar.gz"), "--bucket", "mine", "--dry-run", "--json"]
    assert _deploy(template, RecordedCdk(tmp_path), *words) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["modelDataUrl"].startswith("s3://mine/models/")


def test_without_the_cdks_own_stack(template: dict[str, Any], account: None, program: Path, tmp_path: Path) -> None:
    with pytest.raises(AccountError, match=r"no stack CDKToolkit in eu-west-3.*npx cdk bootstrap.*--bucket"):
        _deploy(
            template,
            RecordedCdk(tmp_path),
            str(program),
            "--output",
            str(tmp_path / "a.tar.gz"),
            "--region",
            "eu-west-3",
        )


def test_tensorflow_gets_the_image_for_the_instances_processor(
    template: dict[str, Any], account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net/1").mkdir(parents=True)
    (tmp_path / "net/1/saved_model.pb").write_bytes(saved_model())
    words = [str(tmp_path / "net"), "--output", str(tmp_path / "a.tar.gz"), "--framework-version", "2.19", "--dry-run"]
    images = {}
    for choice in ("--instance=ml.g4dn.xlarge", "--instance=ml.m5.xlarge", "--endpoint=serverless"):
        assert _deploy(template, RecordedCdk(tmp_path), *words, choice, "--json") == 0
        images[choice] = json.loads(capsys.readouterr().out)["parameters"]["containerImageUri"].rpartition(":")[2]
    assert list(images.values()) == ["2.19.0-gpu", "2.19.0-cpu", "2.19.0-cpu"]


def test_a_model_of_the_catalogue(
    template: dict[str, Any], account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Parameters from an earlier deployment of a path are reset."""
    _stack_as_deployed({"applicationType": "custom", "modelDataUrl": "s3://a-bucket/old.tar.gz"})
    cdk = RecordedCdk(tmp_path)
    assert _deploy(template, cdk, "opencv_people", "--endpoint", "serverless") == 0
    assert _parameters(cdk) == {
        "applicationType": "body-detection",
        "detectorModelName": "opencv_people",
        "modelDataUrl": "",
        "containerImageUri": "",
        "endpointType": "serverless",
    }
    assert _deploy(template, cdk, "dlib_frontal_face+dlib_face_embedding") == 0
    assert _parameters(cdk)["applicationType"] == "face-comparison"


def test_a_model_of_ones_own_keeps_its_name(
    template: dict[str, Any], account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_yolox_onnx(tmp_path / "my folder/weights.onnx")
    model = dataclasses.asdict(catalogue.load().model("yolox_nano")) | {"name": "shop"}
    model["files"] = {"any": [{"name": "weights.onnx", "role": "onnx"}]}
    (tmp_path / "my folder/model.json").write_text(json.dumps(model))
    arguments = argparse.ArgumentParser()
    deploy.add_arguments(arguments)
    words = [str(tmp_path / "my folder"), "--output", str(tmp_path / "a.tar.gz")]
    packed = model_to_deploy.chosen(arguments.parse_args(words))
    assert packed is not None
    assert packed.model_parameters == {"applicationType": "body-detection", "detectorModelName": "shop"}


@pytest.mark.parametrize(
    ("words", "application"),
    [
        (["--parameters", "applicationType=body-detection"], "body-detection"),
        (["--parameters", "applicationType=face-detection"], "face-detection"),
        (["--application", "body-detection"], "body-detection"),
    ],
)
def test_the_parameter_chooses_among_the_applications_of_a_model(words: list[str], application: str) -> None:
    parser = argparse.ArgumentParser()
    deploy.add_arguments(parser)
    arguments = parser.parse_args(["yolo3_darknet53_coco", *words])
    given = model_to_deploy.with_short_forms(parameters.named(arguments.parameters), arguments)
    model = model_to_deploy.chosen(arguments, given, is_in_image=False)
    assert model is not None
    assert model.model_parameters["applicationType"] == application


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["yolox_nan"], "no path and no model 'yolox_nan', did you mean 'yolox_nano'"),
        (["dlib_face_embedding"], "is one half of a pair; name one of: .*dlib_frontal_face.dlib_face_embedding"),
        (["PROGRAM", "--application", "face-detection"], "served by applicationType=custom, not face-detection"),
    ],
)
def test_a_model_that_cannot_be_deployed(
    template: dict[str, Any], account: None, program: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    cdk = RecordedCdk(tmp_path)
    words = [str(program) if word == "PROGRAM" else word for word in words]
    with pytest.raises(PackageError, match=says):
        _deploy(template, cdk, *words, "--output", str(tmp_path / "a.tar.gz"))
    assert cdk.words is None


def test_a_model_is_fetched_before(template: dict[str, Any], account: None, tmp_path: Path) -> None:
    """The weights of this model have no public source, so no checkout's store holds them."""
    with pytest.raises(PackageError, match=r"retinaface_mnet025_v2 is not in .*run '.*ipc-ai fetch"):
        _deploy(template, RecordedCdk(tmp_path), "retinaface_mnet025_v2+MobileFaceNet")


def test_two_values_of_one_parameter(template: dict[str, Any], account: None, tmp_path: Path) -> None:
    with pytest.raises(
        ParameterError, match=r"--instance ml.c5.xlarge and --parameters deployInstanceType=.* two things"
    ):
        _deploy(
            template,
            RecordedCdk(tmp_path),
            *("opencv_people", "--instance", "ml.c5.xlarge", "--parameters", "deployInstanceType=ml.m5.xlarge"),
        )
