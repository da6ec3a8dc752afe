"""Account and regions are checked before a deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from workbench.deployment import readiness
from workbench.deployment.account import Account
from workbench.errors import AccountError, ParameterError

REGION = "eu-west-1"
NONE = {"containerImageUri": "", "kmsKeyArn": "", "webAclArn": "", "modelDataUrl": "", "apiAccessLogs": "No"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with mock_aws():
        yield Account(profile=None, region=REGION)


def _image(region: str, host: str = "amazonaws.com") -> str:
    return f"111122223333.dkr.ecr.{region}.{host}/mine:1"


@pytest.mark.parametrize(
    ("region", "given", "says"),
    [
        ("eu-west-1", {"containerImageUri": _image("us-east-1")}, "is in us-east-1, .* push it to eu-west-1"),
        ("cn-north-1", {"containerImageUri": _image("cn-north-1")}, r"in cn-north-1 it ends with amazonaws.com.cn"),
        ("us-gov-west-1", {"containerImageUri": _image("us-gov-west-1", "amazonaws.com.cn")}, "another partition"),
        ("eu-west-1", {"kmsKeyArn": "arn:aws:kms:eu-west-2:111122223333:key/k"}, "kmsKeyArn is in eu-west-2 of"),
        ("cn-north-1", {"kmsKeyArn": "arn:aws:kms:cn-north-1:111122223333:key/k"}, "the stack in cn-north-1 of aws-cn"),
        ("eu-west-1", {"webAclArn": "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/a/1"}, "webAclArn is in us-"),
    ],
)
def test_what_is_named_by_region_is_in_the_stacks(region: str, given: dict[str, str], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        readiness.check_regions(NONE | given, region)


@pytest.mark.parametrize(
    ("region", "given"),
    [
        ("eu-west-1", {}),
        ("eu-west-1", {"containerImageUri": _image("eu-west-1")}),
        ("cn-north-1", {"containerImageUri": _image("cn-north-1", "amazonaws.com.cn")}),
        ("us-gov-west-1", {"kmsKeyArn": "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/k"}),
    ],
)
def test_what_is_in_the_stacks_region_passes(region: str, given: dict[str, str]) -> None:
    readiness.check_regions(NONE | given, region)


def _check(account: Account, **values: str) -> list[str]:
    return readiness.check_account(account, NONE | values, changed=values)


def test_an_account_without_a_role_for_api_logs_is_told_the_parameter(account: Account) -> None:
    with pytest.raises(AccountError, match=r"no role for logs in eu-west-1 .*add apiAccessLogs=Yes"):
        _check(account, apiAccessLogs="UseAccountRole")
    boto3.client("apigateway", region_name=REGION).update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/r"}]
    )
    assert _check(account, apiAccessLogs="UseAccountRole") == []


@pytest.mark.parametrize("chosen", ["Yes", "No"])
def test_no_role_is_needed_when_the_stack_makes_it_or_nothing_is_logged(account: Account, chosen: str) -> None:
    assert _check(account, apiAccessLogs=chosen) == []


def test_a_stack_that_runs_with_the_accounts_role_is_not_asked_again(account: Account) -> None:
    assert (
        readiness.check_account(account, NONE | {"apiAccessLogs": "UseAccountRole"}, changed=["logRetentionDays"]) == []
    )


def test_a_model_in_a_bucket_of_another_region_is_refused(account: Account) -> None:
    for region in (REGION, "eu-west-2"):
        s3: Any = boto3.client("s3", region_name=region)
        s3.create_bucket(Bucket=f"models-{region}", CreateBucketConfiguration={"LocationConstraint": region})
    assert _check(account, modelDataUrl=f"s3://models-{REGION}/a/model.tar.gz") == []
    with pytest.raises(AccountError, match=r"bucket models-eu-west-2 of eu-west-2, .*copy it to a bucket in eu-west-1"):
        _check(account, modelDataUrl="s3://models-eu-west-2/a/model.tar.gz")
    with pytest.raises(AccountError, match=r"^shadowModelDataUrl is in the bucket models-eu-west-2 of eu-west-2, "):
        _check(account, shadowModelDataUrl="s3://models-eu-west-2/a/model.tar.gz")
    with pytest.raises(AccountError, match="the bucket models-nowhere, which does not exist"):
        _check(account, modelDataUrl="s3://models-nowhere/model.tar.gz")


class _Refusing:
    """Client whose every call fails in the same way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def call(**_: str) -> None:
            raise self._error

        return call


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Any"),
        EndpointConnectionError(endpoint_url="https://apigateway.eu-west-1.amazonaws.com"),
    ],
    ids=["no permission", "no way to it"],
)
def test_an_account_that_does_not_say_is_a_note(
    account: Account, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(Account, "client", lambda *_: _Refusing(error))
    (role,) = _check(account, apiAccessLogs="UseAccountRole")
    (bucket,) = _check(account, modelDataUrl="s3://models/a/model.tar.gz")
    assert "does not say whether it has a role for logs" in role
    assert "does not say in which region the bucket models is" in bucket


def test_the_region_of_a_bucket_of_others_is_in_the_refusal(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    answer: Any = {
        "Error": {"Code": "403", "Message": ""},
        "ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "us-west-2"}},
    }
    monkeypatch.setattr(Account, "client", lambda *_: _Refusing(ClientError(answer, "HeadBucket")))
    with pytest.raises(AccountError, match="the bucket models of us-west-2"):
        _check(account, modelDataUrl="s3://models/a/model.tar.gz")
