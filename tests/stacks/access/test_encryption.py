"""The operator's own key, and what SageMaker captures, which it encrypts, too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, events_bucket, of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

CONFIG = "AWS::SageMaker::EndpointConfig"
KEY = "arn:aws:kms:us-east-1:210987654321:key/01234567-89ab-cdef-0123-456789abcdef"
ON_CPU = {"deployInstanceType": "ml.m5.xlarge"}


def _key_statements(resources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    documents = [policy["PolicyDocument"] for policy in of_type(resources, "AWS::IAM::Policy").values()]
    for role in of_type(resources, "AWS::IAM::Role").values():
        documents += [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    return [entry for document in documents for entry in document["Statement"] if "kms:" in str(entry["Action"])]


@pytest.mark.parametrize("region", REGIONS)
def test_without_a_key_aws_has_its_own(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON_CPU)
    assert "KmsKeyId" not in str(only(resources, CONFIG))
    assert _key_statements(resources) == []


@pytest.mark.parametrize("region", REGIONS)
def test_the_key_encrypts_the_bucket_and_both_roles_may_use_it(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, kmsKeyArn=KEY)
    (rule,) = events_bucket(resources)[1]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "BucketKeyEnabled": True,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
    }
    statements = _key_statements(resources)
    assert [entry["Resource"] for entry in statements] == [KEY, KEY]
    assert all(entry["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"] for entry in statements)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    ("given", "has_volume"),
    [
        (ON_CPU, True),
        ({**ON_CPU, "endpointType": "async"}, True),
        ({**ON_CPU, "endpointType": "serverless"}, False),
        ({"deployInstanceType": "ml.g4dn.xlarge"}, False),
    ],
)
def test_the_endpoint_s_role_may_have_volumes_encrypted(
    template: dict[str, Any], region: str, given: dict[str, str], has_volume: bool
) -> None:
    """EBS uses the key by a grant, which SageMaker makes with the endpoint's role."""
    resources = rendered(template, region, kmsKeyArn=KEY, **given)
    (role,) = (role for name, role in of_type(resources, "AWS::IAM::Role").items() if name.startswith("ModelExecution"))
    found = [policy for policy in role["Policies"] if policy["PolicyName"] == "EncryptVolumes"]
    statements = [entry for policy in found for entry in policy["PolicyDocument"]["Statement"]]
    grant = {
        "Action": "kms:CreateGrant",
        "Effect": "Allow",
        "Resource": KEY,
        "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    }
    describe = {"Action": "kms:DescribeKey", "Effect": "Allow", "Resource": KEY}
    assert statements == ([grant, describe] if has_volume else [])
    others = of_type(resources, "AWS::IAM::Policy")
    assert "kms:CreateGrant" not in str(others)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    ("name", "has_disk"),
    [
        *(
            (name, True)
            for name in ("ml.g4dn.xlarge", "ml.g5.2xlarge", "ml.g6e.xlarge", "ml.p4d.24xlarge", "ml.c5d.large")
        ),
        *((name, False) for name in ("ml.m5.xlarge", "ml.c5.2xlarge", "ml.m7i.large", "ml.p3.2xlarge", "ml.t2.medium")),
    ],
)
def test_a_volume_takes_the_key_where_there_is_one(
    template: dict[str, Any], name: str, has_disk: bool, region: str
) -> None:
    """The hardware of a disk of the instance's own encrypts it, and SageMaker refuses a key for it."""
    config = only(rendered(template, region, kmsKeyArn=KEY, deployInstanceType=name), CONFIG)
    assert config.get("KmsKeyId") == (None if has_disk else KEY)


def test_a_serverless_endpoint_has_no_volume(template: dict[str, Any]) -> None:
    config = only(rendered(template, endpointType="serverless", kmsKeyArn=KEY, **ON_CPU), CONFIG)
    assert "KmsKeyId" not in config


def test_the_key_encrypts_what_an_asynchronous_endpoint_writes(template: dict[str, Any]) -> None:
    config = only(rendered(template, endpointType="async", kmsKeyArn=KEY), CONFIG)
    assert config["AsyncInferenceConfig"]["OutputConfig"]["KmsKeyId"] == KEY


@pytest.mark.parametrize("value", ["alias/mine", KEY.replace(":key/", ":alias/"), "arn:aws:s3:::bucket", f"{KEY} "])
def test_a_key_that_is_none(template: dict[str, Any], value: str) -> None:
    with pytest.raises(ParameterError, match="it takes the ARN of a KMS key"):
        check(template, {"kmsKeyArn": value})


@pytest.mark.parametrize("region", REGIONS)
def test_captures_go_into_the_events_bucket_and_are_kept_as_events_are(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, dataCapturePercentage="7", kmsKeyArn=KEY, eventRetentionDays="30")
    bucket, _ = events_bucket(resources)
    assert only(resources, CONFIG)["DataCaptureConfig"] == {
        "EnableCapture": True,
        "InitialSamplingPercentage": "7",
        "DestinationS3Uri": f"s3://{bucket}/capture/",
        "KmsKeyId": KEY,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    assert f"{bucket}.Arn/capture/*" in str(of_type(resources, "AWS::IAM::Role"))
    rules = events_bucket(resources)[1]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "capture/"] == ["30"]


@pytest.mark.parametrize("region", REGIONS)
def test_nothing_is_captured_unless_asked(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    assert "DataCaptureConfig" not in only(resources, CONFIG)
    assert "capture/" not in str(of_type(resources, "AWS::IAM::Role"))


@pytest.mark.parametrize("value", ["101", "-1", "05", "1.5", ""])
def test_percentages_that_are_none(template: dict[str, Any], value: str) -> None:
    with pytest.raises(ParameterError, match="it takes a whole number from 0 to 100"):
        check(template, {"dataCapturePercentage": value})
