"""Checks of the account before a deployment, of what CloudFormation would find out in the middle of its work."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from workbench.deployment import endpoint_quota
from workbench.deployment.account import REFUSALS, Account, code_of
from workbench.errors import AccountError, ParameterError
from workbench.template.rendered_template import partition_of

_IMAGE_HOST = re.compile(r"[0-9]{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.(?P<suffix>amazonaws\.com(?:\.cn)?)/")
_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):[a-z0-9]+:(?P<region>[a-z0-9-]+):")
_SIZES = {"deployInstanceType", "endpointType", "minInstanceCount", "maxInstanceCount", "shadowModelName"}
_MODEL_DATA = ("modelDataUrl", "shadowModelDataUrl")


def check_regions(values: Mapping[str, str], region: str) -> None:
    """Check that what the parameters name by region is in the stack's.

    SageMaker takes image and model of its own region alone, as services take keys and web ACLs.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html

    Raises:
        ParameterError: an image, a key or a web ACL is in another region or partition.
    """
    partition = partition_of(region)
    image = _IMAGE_HOST.match(values["containerImageUri"])
    if image and image["region"] != region:
        raise ParameterError(
            f"containerImageUri is in {image['region']}, and SageMaker takes images of the stack's own region alone; "
            f"push it to {region} and name it there"
        )
    if image and image["suffix"].endswith(".cn") != (partition == "aws-cn"):
        host = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        raise ParameterError(f"containerImageUri has the host of another partition; in {region} it ends with {host}")
    for name, value in values.items():
        arn = _ARN.match(value)
        if arn and (arn["partition"], arn["region"]) != (partition, region):
            raise ParameterError(
                f"{name} is in {arn['region']} of partition {arn['partition']}, and the stack in {region} of "
                f"{partition}; name one of that region"
            )


def check_account(account: Account, values: Mapping[str, str], *, changed: Collection[str]) -> list[str]:
    """Check that the account has what the parameters count on.

    Args:
        account: the account.
        values: values of all parameters.
        changed: names of the parameters that are new to the stack; of a new stack all.

    Returns:
        Notes on what could not be checked, or suffices for now alone.

    Raises:
        AccountError: the account lacks something.
    """
    notes = []
    if "apiAccessLogs" in changed and values["apiAccessLogs"] == "UseAccountRole":
        notes += _role_of_api_logs(account)
    for name in _MODEL_DATA:
        if name in changed and values.get(name):
            notes += _bucket_of_model(account, name, values[name])
    if _SIZES & set(changed):
        notes += endpoint_quota.check(account, values)
    return notes


def _role_of_api_logs(account: Account) -> list[str]:
    """Require the role by which API Gateway writes the logs of all REST APIs.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    try:
        setting = account.client("apigateway").get_account()
    except REFUSALS as error:
        return [f"API Gateway does not say whether it has a role for logs ({code_of(error)})"]
    if not setting.get("cloudwatchRoleArn"):
        raise AccountError(
            f"API Gateway has no role for logs in {account.region} of this account; add apiAccessLogs=Yes, which makes "
            "one for all REST APIs there, or apiAccessLogs=No for no logs"
        )
    return []


def _bucket_of_model(account: Account, parameter: str, url: str) -> list[str]:
    """Require the bucket of the model data in the stack's region; S3 names the region of a bucket of others, too."""
    bucket = url.removeprefix("s3://").split("/")[0]
    try:
        region = account.client("s3").head_bucket(Bucket=bucket).get("BucketRegion")
    except REFUSALS as error:
        if code_of(error) == "404":
            raise AccountError(f"{parameter} names the bucket {bucket}, which does not exist") from error
        answer = getattr(error, "response", {}).get("ResponseMetadata", {})
        region = answer.get("HTTPHeaders", {}).get("x-amz-bucket-region")
    if region and region != account.region:
        raise AccountError(
            f"{parameter} is in the bucket {bucket} of {region}, and SageMaker takes models of the stack's own region "
            f"alone; copy it to a bucket in {account.region}"
        )
    return [] if region else [f"S3 does not say in which region the bucket {bucket} is"]
