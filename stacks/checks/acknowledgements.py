"""Accepted findings of the template's checkers, each with its reason beside the resource.

The checkers are the CDK's own validation, cdk-nag (``AwsSolutions-...``) and checkov (``CKV_...``). `make templates`
fails on every finding that is not accepted on its resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from aws_cdk import Acknowledgment, CfnElement, CfnResource, Stack, Validations
from aws_cdk.aws_s3 import IBucket
from constructs import IConstruct

_CHECKOV = "CKV_"
_NAG_PACK = "AwsSolutions"
_FINDINGS_OF_CHECKOV = "checkov"
_DIGITS = "CloudFormation-Validate::W9003"
# Ill-formed ids of keys, security groups and subnets.
_LEFT_OUT = tuple(f"CloudFormation-Validate::{rule}" for rule in ("F3017", "E1150", "E1154"))


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on a construct.

    Args:
        construct: a resource, or a construct with one main resource; checkov knows only the resource itself.
        reasons: why a finding is no fault, by its id: ``AwsSolutions-S1``, ``CKV_AWS_18`` or, for the CDK,
            ``CloudFormation-Validate::W9003``. cdk-nag tells findings of one rule apart by brackets:
            ``AwsSolutions-IAM5[Resource::*]``.
    """
    of_checkov = {finding: reason for finding, reason in reasons.items() if finding.startswith(_CHECKOV)}
    others = [
        Acknowledgment(id=f"{_NAG_PACK}::{finding}" if finding.startswith(_NAG_PACK) else finding, reason=reason)
        for finding, reason in reasons.items()
        if finding not in of_checkov
    ]
    if others:
        Validations.of(construct).acknowledge(*others)
    if of_checkov:
        resource = cast(CfnResource, construct.node.default_child or construct)
        earlier = (resource.get_metadata(_FINDINGS_OF_CHECKOV) or {"skip": []})["skip"]
        skipped = [{"id": finding, "comment": reason} for finding, reason in of_checkov.items()]
        resource.add_metadata(_FINDINGS_OF_CHECKOV, {"skip": [*earlier, *skipped]})


def acknowledge_of_function(function: IConstruct) -> None:
    """Accept checkov's findings on a function that answers requests or takes messages from a queue."""
    acknowledge(
        function,
        {
            "CKV_AWS_115": "It shares the account's concurrency unless the operator reserves a part by parameter",
            "CKV_AWS_116": "Its caller gets the error, or its queue keeps the message: nothing is forgotten",
            "CKV_AWS_117": "It talks to services of AWS alone, which in a VPC would need an endpoint each",
            "CKV_AWS_173": "No variable is a secret: names of the endpoint, the bucket and the application",
        },
    )


def digits_are_numbers(resource: IConstruct) -> None:
    """Accept a text parameter for a number of the resource."""
    acknowledge(resource, {_DIGITS: "CloudFormation takes the parameter's digits as the number that the value is"})


def empty_is_left_out(resource: IConstruct) -> None:
    """Accept parameters that may be empty for properties of the resource."""
    acknowledge(
        resource,
        dict.fromkeys(_LEFT_OUT, "An empty parameter never reaches the resource: a condition leaves it out"),
    )


def objects_under_prefixes(
    policy: IConstruct, bucket: IBucket, prefixes: Iterable[str], reason: str, *, end: str = "*"
) -> None:
    """Accept a policy on all objects under prefixes of a bucket, whose names are unknown at deployment.

    Args:
        policy: the policy.
        bucket: a bucket of the stack.
        prefixes: prefixes of the objects' keys.
        reason: why the policy covers all of them.
        end: what follows the prefixes; they may have a star in them.
    """
    name = Stack.of(policy).get_logical_id(cast(CfnElement, bucket.node.default_child))
    acknowledge(policy, {f"AwsSolutions-IAM5[Resource::<{name}.Arn>/{prefix}{end}]": reason for prefix in prefixes})
