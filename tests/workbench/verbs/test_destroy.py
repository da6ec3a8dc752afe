from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tests.workbench.recorded_cdk import RecordedCdk
from workbench.errors import WorkbenchError
from workbench.verbs import destroy

pytestmark = pytest.mark.processes

_TEMPLATE = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Retain",
            "Properties": {"LogGroupName": "/aws/sagemaker/Endpoints/ipc-ai-saas-1234"},
        },
        "ApiLogs": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "Properties": {"LogGroupName": "the-apis-logs"},
        },
        "Events": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "RetainExceptOnCreate",
            "Properties": {"BucketName": "the-events"},
        },
    },
    "Outputs": {"EndpointName": {"Value": "ipc-ai-saas-1234"}},
}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        boto3.client("cloudformation").create_stack(StackName="gate", TemplateBody=json.dumps(_TEMPLATE))
        yield


def _destroy(cdk: RecordedCdk, *words: str) -> int:
    parser = argparse.ArgumentParser()
    destroy.add_arguments(parser)
    return destroy.run(parser.parse_args(["--stack", "gate", *words]), cdk=cdk.path)


def test_it_says_what_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cdk = RecordedCdk(tmp_path, code=4)
    assert _destroy(cdk, "--yes") == 4
    assert cdk.words == ["destroy", "--force", "--context", "stackName=gate"]
    said = capsys.readouterr().out
    assert "2 resources will be deleted" in said
    assert "AWS::S3::Bucket the-events" in said
    assert "AWS::Logs::LogGroup /aws/sagemaker/Endpoints/ipc-ai-saas-1234" in said
    assert "the-apis-logs" not in said  # the stack deletes these
    assert "the archives in its bucket" in said


@pytest.mark.parametrize(("typed", "is_called"), [("gate\n", True), ("y\n", False), ("\n", False)])
def test_a_person_types_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, *, is_called: bool
) -> None:
    cdk = RecordedCdk(tmp_path)
    monkeypatch.setattr("sys.stdin", _Terminal(typed))
    assert _destroy(cdk) == (0 if is_called else 1)
    assert (cdk.words is not None) == is_called


def test_nobody_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cdk = RecordedCdk(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("gate\n"))
    with pytest.raises(WorkbenchError, match="add --yes"):
        _destroy(cdk)
    assert cdk.words is None


def test_a_stack_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="there is no stack gate in eu-west-3"):
        _destroy(RecordedCdk(tmp_path), "--region", "eu-west-3", "--yes")
