"""State of a stack in the operator's account and region; every refusal of AWS becomes one sentence."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config

from workbench import regions
from workbench.deployment import cdk_command
from workbench.errors import AccountError

_RENEW = "AWS does not take these credentials; renew them, or name others with --profile"
_NO_CREDENTIALS = "there are no AWS credentials; configure a profile and name it with --profile, or log in again"
_SAYS_BY_CODE = {
    "ExpiredToken": _RENEW,
    "ExpiredTokenException": _RENEW,
    "InvalidClientTokenId": _RENEW,
    "UnrecognizedClientException": _RENEW,
    "SignatureDoesNotMatch": _RENEW,
    "AuthFailure": _RENEW,
}
_SAYS_BY_KIND: dict[type[Exception], str] = {
    exceptions.NoCredentialsError: _NO_CREDENTIALS,
    exceptions.PartialCredentialsError: _NO_CREDENTIALS,
    exceptions.CredentialRetrievalError: _NO_CREDENTIALS,
    exceptions.TokenRetrievalError: _NO_CREDENTIALS,
    exceptions.UnauthorizedSSOTokenError: _NO_CREDENTIALS,
    exceptions.SSOTokenLoadError: _NO_CREDENTIALS,
    exceptions.NoRegionError: "no region is chosen; name one with --region, or set one in the profile",
}
_NEVER_CREATED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"})


@dataclass(frozen=True)
class DeployedStack:
    """Stack of the account.

    Attributes:
        name: its name.
        status: CloudFormation's word for its state.
        guid: the part of its id that no other stack has, and that the endpoint's name is made of.
        parameters: the values of its parameters.
        outputs: its outputs.
    """

    name: str
    status: str
    guid: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def has_run(self) -> bool:
        """Return whether it was ever created. The CDK deletes one that only failed or was planned, and starts anew."""
        return self.status not in _NEVER_CREATED

    @property
    def has_failed(self) -> bool:
        """Return whether CloudFormation went back, goes back, or could not."""
        return "ROLLBACK" in self.status or "FAILED" in self.status


class Account:
    """Account and region of a profile, the environment or the machine's own role.

    Attributes:
        region: the region.
        bootstrap_command: the command line that prepares it for the CDK.
    """

    def __init__(self, *, profile: str | None, region: str | None) -> None:
        """Find the region, without a call to AWS.

        Raises:
            AccountError: there is no such profile, or no region.
            RegionError: the stack cannot be deployed to the region.
        """
        try:
            self._session = boto3.session.Session(profile_name=profile, region_name=region)
        except exceptions.ProfileNotFound as error:
            raise AccountError(f"there is no AWS profile '{profile}'; name one of your AWS configuration") from error
        if not self._session.region_name:
            raise AccountError(_SAYS_BY_KIND[exceptions.NoRegionError])
        self.region = self._session.region_name
        regions.require_usable(self.region)
        self._profile = profile
        self.bootstrap_command = cdk_command.as_typed(cdk_command.bootstrap(region=region, profile=profile))

    def stack(self, name: str) -> DeployedStack | None:
        """Describe the stack of that name; None where it does not exist.

        Raises:
            AccountError: AWS refuses to describe it.
        """
        with saying_in_one_sentence():
            try:
                (described,) = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
            except exceptions.ClientError as error:
                if "does not exist" in str(error):
                    return None
                raise
        return DeployedStack(
            name=name,
            status=described["StackStatus"],
            guid=described["StackId"].split("/")[2],
            parameters={entry["ParameterKey"]: entry["ParameterValue"] for entry in described.get("Parameters", [])},
            outputs={entry["OutputKey"]: entry["OutputValue"] for entry in described.get("Outputs", [])},
        )

    def template(self, stack: str) -> dict[str, Any]:
        """Read the present template of a stack, in its original form.

        Raises:
            AccountError: AWS refuses, or the template is not JSON.
        """
        with saying_in_one_sentence():
            body = self.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        if not isinstance(body, dict):
            raise AccountError(f"the template of {stack} is not JSON; it is not a stack of this project")
        return body

    def physical_names(self, stack: str) -> dict[str, str]:
        """List the names of the stack's resources by logical id.

        Raises:
            AccountError: AWS refuses to list them.
        """
        with saying_in_one_sentence():
            pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
            summaries = [entry for page in pages for entry in page["StackResourceSummaries"]]
        return {entry["LogicalResourceId"]: entry.get("PhysicalResourceId", "") for entry in summaries}

    def require_bootstrap(self, parameter: str) -> None:
        """Check that the account is bootstrapped, by the SSM parameter of the CDK's own stack.

        Raises:
            AccountError: it is not bootstrapped.
        """
        with saying_in_one_sentence():
            try:
                self.client("ssm").get_parameter(Name=parameter)
            except exceptions.ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ParameterNotFound":
                    raise AccountError(
                        f"the CDK is not set up in {self.region}; run '{self.bootstrap_command}' once an account and "
                        "region"
                    ) from error
                if not code.startswith("AccessDenied"):  # unreadable is not missing; the CDK checks it, too
                    raise

    def number(self) -> str:
        """Number of the account, twelve digits.

        Raises:
            AccountError: AWS refuses the call.
        """
        with saying_in_one_sentence():
            return str(self.client("sts").get_caller_identity()["Account"])

    def aws_command(self, *words: str) -> str:
        """Return a command line of AWS's own tool for this account and region, to paste into a shell."""
        profile = ["--profile", self._profile] if self._profile else []
        return shlex.join(["aws", *words, "--region", self.region, *profile])

    @property
    def partition(self) -> str:
        """Partition of the region."""
        return self._session.get_partition_for_region(self.region)

    def client(self, service: str, region: str | None = None, config: Config | None = None) -> Any:
        """Client of boto3, for this region or another."""
        return self._session.client(service, region_name=region or self.region, config=config)  # type: ignore[call-overload]


REFUSALS = (exceptions.ClientError, exceptions.BotoCoreError)
"""Errors by which AWS, or the way to it, leaves a question without an answer."""


def code_of(error: Exception) -> str:
    """Name a refusal in one word."""
    return str(error.response["Error"]["Code"]) if isinstance(error, exceptions.ClientError) else type(error).__name__


@contextmanager
def saying_in_one_sentence() -> Iterator[None]:
    """Translate errors of AWS and its client into an AccountError that says what to change."""
    try:
        yield
    except exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        said = _SAYS_BY_CODE.get(code, f"AWS refuses {error.operation_name}: {error.response['Error']['Message']}")
        raise AccountError(f"{said} ({code})") from error
    except exceptions.BotoCoreError as error:
        found = (says for kind, says in _SAYS_BY_KIND.items() if isinstance(error, kind))
        raise AccountError(next(found, f"AWS cannot be asked: {' '.join(str(error).split())}")) from error
