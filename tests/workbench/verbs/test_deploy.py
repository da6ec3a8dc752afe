"""Deployment against moto's CloudFormation, which keeps parameters and outputs, with a stub of the CDK."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cloudformation.models import cloudformation_backends
from moto.core import DEFAULT_ACCOUNT_ID

from tests.workbench.ready_account import make_ready
from tests.workbench.recorded_cdk import RecordedCdk
from workbench.deployment import cdk_command, endpoint_quota
from workbench.deployment.endpoint_quota import EndpointQuota
from workbench.deployment.resource_changes import resource_changes
from workbench.errors import AccountError, ImageError, ParameterError, SynthesisError, WorkbenchError
from workbench.verbs import deploy

REGION = "eu-west-1"
REPOSITORY = Path(__file__).resolve().parents[3]
# moto executes templates but not all of ours, so this one holds just the output of describe_stacks.
_DEPLOYED: dict[str, Any] = {
    "Parameters": {
        name: {"Type": "String", "Default": default}
        for name, default in {
            "applicationType": "body-detection",
            "detectorModelName": "yolox_nano",
            "minInstanceCount": "1",
            "maxInstanceCount": "4",
            "anOldParameter": "gone",
        }.items()
    },
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {
        "ApiUrl": {"Value": "https://abc.execute-api.eu-west-1.amazonaws.com/prod/inference"},
        "ApiKeyId": {"Value": "key123"},
        "EndpointName": {"Value": "ipc-ai-saas-1234"},
    },
}


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Account of moto's that is bootstrapped, logs APIs, and may run many instances."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        boto3.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        make_ready(monkeypatch, REGION, "cn-north-1")
        yield


def _create(template: Mapping[str, Any] = _DEPLOYED, name: str = "ipc-ai-saas") -> None:
    boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def _deploy(template: dict[str, Any], cdk: RecordedCdk, *words: str) -> int:
    parser = argparse.ArgumentParser()
    deploy.add_arguments(parser)
    return deploy.run(parser.parse_args(words), cdk=cdk.path, synthesized=lambda _: template)


def test_the_command_has_a_flag_a_value() -> None:
    assert cdk_command.deploy(
        parameters={"a": "1", "b": ""},
        context={"stackName": "gate"},
        region="cn-north-1",
        profile="p",
        require_approval="never",
    ) == [
        *["deploy", "--parameters", "a=1", "--parameters", "b=", "--context", "stackName=gate"],
        *["--region", "cn-north-1", "--profile", "p", "--require-approval", "never"],
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["detectorModelNam=yolox_nano"], "unknown parameter 'detectorModelNam', did you mean 'detectorModelName'"),
        (["saveRequestEvents=yes"], "did you mean 'Yes'"),
        (["applicationType=custom"], "applicationType=custom needs modelDataUrl"),
        (["minInstanceCount=5"], "raise maxInstanceCount"),
    ],
)
def test_a_mistake_reaches_neither_the_cdk_nor_the_stack(
    template: dict[str, Any], account: None, tmp_path: Path, words: list[str], says: str
) -> None:
    _create()
    cdk = RecordedCdk(tmp_path)
    with pytest.raises(ParameterError, match=says):
        _deploy(template, cdk, "--parameters", *words)
    assert cdk.words is None


def test_a_name_is_checked_before_credentials_are_needed(
    template: dict[str, Any], no_credentials: None, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match="did you mean"):
        _deploy(template, RecordedCdk(tmp_path), "--parameters", "applicationTyp=custom")


@pytest.mark.parametrize("format_", ["oci.image.index.v1", "docker.distribution.manifest.v2"])
@pytest.mark.parametrize("form", ["gate:1", "gate@{digest}", "gate"])
def test_an_image_that_sagemaker_refuses_is_not_deployed(
    template: dict[str, Any], account: None, tmp_path: Path, format_: str, form: str
) -> None:
    """SageMaker's CreateModel refuses OCI manifests, late in a deployment, which is then rolled back."""
    manifest = json.dumps({"schemaVersion": 2, "mediaType": f"application/vnd.{format_}+json", "layers": []})
    ecr = boto3.client("ecr")
    ecr.create_repository(repositoryName="gate")
    for tag in ("1", "latest"):
        stored = ecr.put_image(repositoryName="gate", imageManifest=manifest, imageTag=tag)["image"]
    uri = f"{DEFAULT_ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/{form}".format(digest=stored["imageId"]["imageDigest"])
    cdk = RecordedCdk(tmp_path)
    words = ("--parameters", "applicationType=custom", "detectorModelName=mine", f"containerImageUri={uri}")
    if format_.startswith("oci"):
        with pytest.raises(ImageError, match=r"has a manifest of OCI .*, and SageMaker takes Docker's alone; convert"):
            _deploy(template, cdk, *words)
        assert cdk.words is None
    else:
        assert _deploy(template, cdk, *words) == 0


def test_an_image_that_cannot_be_looked_at_is_left_to_sagemaker(
    template: dict[str, Any], account: None, tmp_path: Path
) -> None:
    cdk = RecordedCdk(tmp_path)
    uri = f"210987654321.dkr.ecr.{REGION}.amazonaws.com/theirs:1"
    words = ("--parameters", "applicationType=custom", "detectorModelName=mine", f"containerImageUri={uri}")
    assert _deploy(template, cdk, *words) == 0


def test_images_are_built_in_the_format_that_sagemaker_takes(
    template: dict[str, Any], account: None, tmp_path: Path
) -> None:
    """By Docker with BuildKit and without attestations, or by Podman, which builds in OCI's format by itself."""
    needed = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDAH_FORMAT": "docker"}
    cdk = RecordedCdk(tmp_path, then=f"assert {needed}.items() <= os.environ.items()")
    assert _deploy(template, cdk) == 0


def test_what_the_stack_keeps_counts(
    template: dict[str, Any], account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four instances are allowed, because the stack's maximum is four already; the default is one."""
    _create()
    cdk = RecordedCdk(tmp_path)
    assert _deploy(template, cdk, "--parameters", "minInstanceCount=4") == 0
    assert cdk.words == ["deploy", "--parameters", "minInstanceCount=4", "--context", "builtImage=gpu"]
    said = capsys.readouterr().out
    assert "stack ipc-ai-saas in eu-west-1: exists (CREATE_COMPLETE)" in said
    assert "  minInstanceCount" in said
    assert "1 -> 4" in said
    assert "saveRequestEvents" in said  # new to this stack
    assert "(not there yet) -> No" in said
    assert "detectorModelName" not in said  # stays
    assert "anOldParameter" not in said


@pytest.mark.parametrize(
    ("words", "image"),
    [
        (["deployInstanceType=ml.m5.xlarge"], "cpu"),
        (["deployInstanceType=ml.g5.xlarge"], "gpu"),
        (["endpointType=serverless", "deployInstanceType=ml.g5.xlarge"], "cpu"),
        (["containerImageUri=111122223333.dkr.ecr.eu-west-1.amazonaws.com/mine:1"], "none"),
    ],
)
def test_the_cdk_builds_the_image_that_runs_and_no_other(
    template: dict[str, Any], account: None, tmp_path: Path, words: list[str], image: str
) -> None:
    cdk = RecordedCdk(tmp_path)
    assert _deploy(template, cdk, "--parameters", *words) == 0
    assert cdk.words is not None
    assert f"builtImage={image}" in cdk.words
    assert _deploy(template, cdk, "--context", "builtImage=cpu", "--parameters", *words) == 0
    assert "builtImage=cpu" in cdk.words  # the operator's own word counts


def test_a_first_deployment_starts_from_the_defaults(
    template: dict[str, Any], account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdk = RecordedCdk(tmp_path)
    with pytest.raises(ParameterError, match="raise maxInstanceCount"):
        _deploy(template, cdk, "--parameters", "minInstanceCount=4")
    assert _deploy(template, cdk, "--parameters", "detectorModelName=yunet_n") == 0
    said = capsys.readouterr().out
    assert "ipc-ai-saas in eu-west-1: is new" in said
    assert "yolo3_darknet53_coco -> yunet_n" in said


def test_at_the_end_it_says_where_the_api_is(
    template: dict[str, Any], account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _create()
    assert _deploy(template, RecordedCdk(tmp_path)) == 0
    said = capsys.readouterr().out
    assert "API       https://abc.execute-api.eu-west-1.amazonaws.com/prod/inference" in said
    assert "--region eu-west-1 --api-key key123" in said
    assert "endpoint  ipc-ai-saas-1234" in said


def test_as_json_stdout_has_nothing_else(
    template: dict[str, Any], account: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _create()
    assert _deploy(template, RecordedCdk(tmp_path), "--json") == 0
    said = capfd.readouterr()
    assert json.loads(said.out)["outputs"]["EndpointName"] == "ipc-ai-saas-1234"
    assert "the CDK's own progress" in said.err


def test_the_exit_code_is_the_cdks(template: dict[str, Any], account: None, tmp_path: Path) -> None:
    _create()
    assert _deploy(template, RecordedCdk(tmp_path, code=3)) == 3
    assert _deploy(template, RecordedCdk(tmp_path, then="os.kill(os.getpid(), signal.SIGKILL)")) == 128 + 9


def test_another_stack_and_account(template: dict[str, Any], account: None, tmp_path: Path) -> None:
    cdk = RecordedCdk(tmp_path)
    boto3.client("ssm", region_name="cn-north-1").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String"
    )
    assert _deploy(template, cdk, "--stack", "gate", "--region", "cn-north-1", "--require-approval", "never") == 0
    assert cdk.words == [
        *["deploy", "--context", "builtImage=gpu", "--context", "stackName=gate"],
        *["--region", "cn-north-1", "--require-approval", "never"],
    ]
    with pytest.raises(WorkbenchError, match="name two stacks"):
        _deploy(template, cdk, "--stack", "gate", "--context", "stackName=door")


def test_a_region_without_the_cdks_own_stack(template: dict[str, Any], account: None, tmp_path: Path) -> None:
    cdk = RecordedCdk(tmp_path)
    with pytest.raises(AccountError, match="not set up in eu-west-3; run 'npx cdk bootstrap --region eu-west-3'"):
        _deploy(template, cdk, "--region", "eu-west-3")
    assert cdk.words is None


def test_what_the_account_lacks_is_said_before_the_cdk_starts(
    template: dict[str, Any],
    account: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cdk = RecordedCdk(tmp_path)
    elsewhere = "containerImageUri=111122223333.dkr.ecr.us-east-1.amazonaws.com/mine:1"
    with pytest.raises(ParameterError, match="containerImageUri is in us-east-1"):
        _deploy(template, cdk, "--parameters", elsewhere)
    with pytest.raises(ParameterError, match="containerImageUri is in us-east-1"):
        _deploy(template, cdk, "--dry-run", "--parameters", elsewhere)
    monkeypatch.setattr(endpoint_quota, "find", lambda *_: EndpointQuota("L-1", 0))
    with pytest.raises(AccountError, match="aws service-quotas request-service-quota-increase"):
        _deploy(template, cdk)
    assert cdk.words is None
    assert _deploy(template, cdk, "--dry-run") == 0
    assert "refused     this account's endpoints may run 0" in capsys.readouterr().err
    monkeypatch.setattr(endpoint_quota, "find", lambda *_: EndpointQuota("L-1", 1))
    assert _deploy(template, cdk) == 0
    assert "note        this account's endpoints may run 1 of ml.g4dn.xlarge" in capsys.readouterr().out


def test_a_deployment_that_fails_ends_with_the_containers_last_lines(
    template: dict[str, Any], account: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _create()
    stack = boto3.client("cloudformation").describe_stacks(StackName="ipc-ai-saas")["Stacks"][0]
    logs = boto3.client("logs")
    group = f"/aws/sagemaker/Endpoints/ipc-ai-saas-{stack['StackId'].split('/')[2]}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="AllTraffic/i-1")
    event = {"timestamp": int(time.time() * 1000), "message": "the model 'X' was not found in /opt/ml/model"}
    logs.put_log_events(logGroupName=group, logStreamName="AllTraffic/i-1", logEvents=[event])
    assert _deploy(template, RecordedCdk(tmp_path, code=1)) == 1
    assert "was not found" not in capfd.readouterr().err  # the stack runs: Docker failed, or the operator stopped it
    cloudformation_backends["123456789012"][REGION].get_stack("ipc-ai-saas").status = "UPDATE_ROLLBACK_COMPLETE"
    assert _deploy(template, RecordedCdk(tmp_path, code=1)) == 1
    assert f"the end of the log {group}:\n  the model 'X' was not found in" in capfd.readouterr().err


def test_without_credentials(template: dict[str, Any], no_credentials: None, tmp_path: Path) -> None:
    cdk = RecordedCdk(tmp_path)
    with pytest.raises(AccountError, match="no region is chosen; name one with --region"):
        _deploy(template, cdk)
    with pytest.raises(AccountError, match="there are no AWS credentials"):
        _deploy(template, cdk, "--region", REGION)
    with pytest.raises(AccountError, match="no AWS profile 'nobody'"):
        _deploy(template, cdk, "--region", REGION, "--profile", "nobody")
    assert cdk.words is None


def test_without_the_cdk(template: dict[str, Any], account: None, tmp_path: Path) -> None:
    cdk = RecordedCdk(tmp_path)
    cdk.path.unlink()
    with pytest.raises(SynthesisError, match="make install"):
        _deploy(template, cdk)


def test_a_dry_run_needs_no_aws(
    template: dict[str, Any], no_credentials: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdk = RecordedCdk(tmp_path)
    assert _deploy(template, cdk, "--dry-run", "--parameters", "detectorModelName=yunet_n", "alarmEmail=") == 0
    assert cdk.words is None
    said = capsys.readouterr().out
    assert "shown as new, because no region is chosen" in said
    assert "  npx cdk deploy --parameters detectorModelName=yunet_n --parameters alarmEmail=" in said
    assert "  added    1 x AWS::SageMaker::Endpoint\n" in said


def test_a_dry_run_compares_with_what_is_deployed(
    template: dict[str, Any], account: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _create()
    assert _deploy(template, RecordedCdk(tmp_path), "--dry-run", "--json", "--parameters", "minInstanceCount=4") == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["parameters"]["detectorModelName"] == "yolox_nano"
    assert plan["changes"]["minInstanceCount"] == {"before": "1", "after": "4"}
    assert [change["logical_id"] for change in plan["resources"] if change["change"] == "removed"] == ["Topic"]


def test_changes_of_resources_name_their_properties() -> None:
    before = {"A": {"Type": "T", "Properties": {"x": 1, "y": 2}}, "B": {"Type": "T"}, "C": {"Type": "T"}}
    after = {"A": {"Type": "T", "Properties": {"x": 1, "y": 3}}, "B": {"Type": "T"}, "D": {"Type": "T"}}
    found = [(change.change, change.logical_id, change.properties) for change in resource_changes(before, after)]
    assert found == [("added", "D", ()), ("changed", "A", ("y",)), ("removed", "C", ())]


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_cdk_which_decides_how_to_end(tmp_path: Path, number: signal.Signals) -> None:
    cdk = RecordedCdk(tmp_path, seconds=60)
    program = (
        "import signal, sys; from pathlib import Path; from workbench.deployment import cdk_command\n"
        # Jobs in the background of a shell ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"sys.exit(cdk_command.run(['deploy'], cdk=Path({str(cdk.path)!r})))"
    )
    running = subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while cdk.words is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(running.pid, number)
    assert running.wait(timeout=30) == 7
    assert cdk.signal == number.name
