"""Batch transform jobs: moto keeps them, and the real container answers what a fake of SageMaker sends."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from moto import mock_aws

from tests.fake_batch_transform import FakeBatchTransform
from tests.tiny_models import write_older_layout, write_yolox_onnx
from workbench.__main__ import main
from workbench.comparison import transform_container
from workbench.comparison.transform_container import Container
from workbench.deployment.account import Account

pytestmark = pytest.mark.processes

EVENTS, MODELS = "events-of-cameras", "models-and-answers"
STACK = "ipc-ai-saas"
ROLE = "arn:aws:iam::123456789012:role/transform"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/assets:0123"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0123"


class Cloud:
    """moto's S3 with events, and a stack with an endpoint."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
        self.s3: Any = boto3.client("s3")
        for bucket in (EVENTS, MODELS):
            self.s3.create_bucket(Bucket=bucket)
        self.sagemaker: Any = boto3.client("sagemaker")
        self.fake = FakeBatchTransform(self.sagemaker, self.s3, work)
        client = Account.client
        monkeypatch.setattr(
            Account,
            "client",
            lambda account, service, region=None: (
                self.fake if service == "sagemaker" else client(account, service, region)
            ),
        )
        self._deploy()

    def _deploy(self) -> None:
        container = {"Image": IMAGE, "Environment": {"MODEL_NAME": "yolox_nano"}}
        vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
        self.sagemaker.create_model(
            ModelName="deployed", ExecutionRoleArn=ROLE, PrimaryContainer=container, VpcConfig=vpc
        )
        variant = {
            "VariantName": "v",
            "ModelName": "deployed",
            "InitialInstanceCount": 1,
            "InstanceType": "ml.c5.xlarge",
        }
        self.sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
        self.sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
        template = {
            "Parameters": {"deployInstanceType": {"Type": "String"}, "kmsKeyArn": {"Type": "String"}},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {"EndpointName": {"Value": "e"}},
        }
        values = {"deployInstanceType": "ml.c5.xlarge", "kmsKeyArn": KEY}
        boto3.client("cloudformation").create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        )

    def store(self, camera: str, request: str, body: bytes) -> str:
        key = f"events/dt=2026-11-21/camera={camera}/{request}/frame.png"
        self.s3.put_object(Bucket=EVENTS, Key=key, Body=body)
        return key

    def keys(self, bucket: str) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cloud]:
    for name, value in {"AWS_DEFAULT_REGION": "us-east-1", "MODEL_SERVER_WORKERS": "2"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield Cloud(monkeypatch, tmp_path / "sagemaker")


@pytest.fixture
def models(tmp_path: Path) -> list[str]:
    write_yolox_onnx(tmp_path / "models" / "yolox_nano" / "yolox_nano.onnx")
    write_older_layout(tmp_path / "models" / "cells", "body_detector_cells")
    return [str(tmp_path / "models" / name) for name in ("yolox_nano", "cells")]


@pytest.fixture
def words(models: list[str], tmp_path: Path) -> list[str]:
    named = ["--role", ROLE, "--bucket", MODELS, "--output", str(tmp_path / "out"), "--json"]
    return ["compare-models", *models, "--events", f"s3://{EVENTS}", "--transform", *named]


def _encoded(frame: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", frame)[1].tobytes()


def _error(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of the error; lines about recognised models come before it."""
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ipc-ai compare-models: ")]
    return line


def test_both_models_answer_in_jobs_of_their_own(
    cloud: Cloud,
    words: list[str],
    models: list[str],
    red_square_frame: npt.NDArray[np.uint8],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(4):
        cloud.store("gate-1", f"red-{number}", _encoded(red_square_frame))
        cloud.store("gate-2", f"grey-{number}", _encoded(np.full_like(red_square_frame, 128)))
    assert main(words) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["frames"]["compared"] == 8
    assert document["frames"]["alike"] == 4
    for side in ("current", "candidate"):
        assert document[side]["milliseconds"] is None
        assert document[side]["job"]["frames"] == 8
        assert document[side]["job"]["instance_type"] == "ml.c5.xlarge"
    assert (tmp_path / "out" / "difference-01.jpg").is_file()  # of a frame that was fetched for it alone
    for request in cloud.fake.requests:
        assert request["TransformInput"]["ContentType"] == "image/jpeg"
        assert request["BatchStrategy"] == "SingleRecord"
        assert "MaxConcurrentTransforms" not in request  # the container says it
        assert request["TransformOutput"]["KmsKeyId"] == KEY
    assert cloud.fake.most_at_once == 2
    # Answers, manifest and models are gone; archives stay for the next comparison.
    assert [key.split("/")[0] for key in cloud.keys(MODELS)] == ["models", "models"]
    assert [model["ModelName"] for model in cloud.sagemaker.list_models()["Models"]] == ["deployed"]

    # The same frames here give the same agreement.
    assert main([*words[:5], "--output", str(tmp_path / "out"), "--json"]) == 0
    here = json.loads(capsys.readouterr().out)
    assert here["agreement"] == document["agreement"]
    assert here["differences"] == document["differences"]


def test_the_model_is_made_as_the_stacks_own(
    cloud: Cloud, words: list[str], red_square_frame: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.store("gate-1", "a", _encoded(red_square_frame))
    made: list[dict[str, Any]] = []
    create = cloud.sagemaker.create_model

    def create_and_keep(**named: Any) -> Any:
        made.append(named)
        return create(**named)

    monkeypatch.setattr(cloud.fake, "create_model", create_and_keep, raising=False)
    assert main([*words, "--instance", "ml.g4dn.xlarge"]) == 0
    assert len(made) == 2
    for model in made:
        assert model["ExecutionRoleArn"] == ROLE
        assert model["EnableNetworkIsolation"] is True
        assert model["PrimaryContainer"]["Image"] == IMAGE
        assert model["VpcConfig"]["Subnets"] == ["subnet-1"]
    assert {request["TransformResources"]["InstanceType"] for request in cloud.fake.requests} == {"ml.g4dn.xlarge"}


def test_a_job_that_fails_for_a_frame_leaves_the_others(
    cloud: Cloud, words: list[str], red_square_frame: npt.NDArray[np.uint8], capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.store("gate-1", "a", _encoded(red_square_frame))
    broken = cloud.store("gate-1", "b", b"no image")
    words.remove("--json")
    assert main(words) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert f"left out, because the current model has no answer: 1 frame; {broken}" in printed
    assert "ended as Failed: ClientError: 400" in printed


def test_a_job_without_an_answer_is_told_and_cleaned_up(
    cloud: Cloud, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.store("gate-1", "b", b"no image")
    assert main(words) == 2
    assert "ended as Failed: ClientError: 400" in _error(capsys)
    assert [key.split("/")[0] for key in cloud.keys(MODELS)] == ["models", "models"]
    assert len(cloud.sagemaker.list_models()["Models"]) == 1


def test_a_model_that_does_not_load_starts_no_job(
    cloud: Cloud,
    words: list[str],
    models: list[str],
    red_square_frame: npt.NDArray[np.uint8],
    capsys: pytest.CaptureFixture[str],
) -> None:
    cloud.store("gate-1", "a", _encoded(red_square_frame))
    (graph,) = Path(models[0]).glob("*.onnx")
    graph.write_bytes(graph.read_bytes()[:500])
    assert main(words) == 2
    assert "yolox_nano" in _error(capsys)
    assert (cloud.fake.requests, cloud.keys(MODELS)) == ([], [])


def test_an_interrupted_comparison_stops_its_jobs(
    cloud: Cloud, words: list[str], red_square_frame: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.store("gate-1", "a", _encoded(red_square_frame))
    stopped: list[str] = []
    fake = cloud.fake
    monkeypatch.setattr(fake, "create_transform_job", lambda **named: fake.requests.append(named))
    monkeypatch.setattr(fake, "describe_transform_job", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
    stop = functools.partial(lambda kept, **named: kept.append(named["TransformJobName"]), stopped)
    monkeypatch.setattr(fake, "stop_transform_job", stop, raising=False)
    assert main(words) == 130
    assert sorted(stopped) == sorted(request["TransformJobName"] for request in fake.requests)
    assert len(cloud.sagemaker.list_models()["Models"]) == 1


def test_a_stack_that_is_not_there(cloud: Cloud, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    cloud.store("gate-1", "a", b"x")
    assert main([*words, "--stack", "another"]) == 2
    assert "there is no stack another with an endpoint in us-east-1" in capsys.readouterr().err
    account = Account(profile=None, region="us-east-1")
    container = transform_container.of_stack(account, "another", image=IMAGE, instance="ml.m5.xlarge")
    assert container == Container(image=IMAGE, instance="ml.m5.xlarge")
