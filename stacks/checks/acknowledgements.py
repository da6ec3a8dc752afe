"""Findings of the template's checkers that are no faults here, each with its reason beside the resource.

The checkers are the CDK's own validation, cdk-nag (``AwsSolutions-...``) and checkov (``CKV_...``). Only what is named
is let through, on the resource where it is said: `make templates` fails on everything else.
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
# Ids of keys, security groups and subnets that have no right form.
_LEFT_OUT = tuple(f"CloudFormation-Validate::{rule}" for rule in ("F3017", "E1150", "E1154"))


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Lets findings on a construct through.

    Args:
        construct: a resource, or what holds one as its main resource; for checkov only that resource itself counts.
        reasons: by the finding's id, why it is no fault: ``AwsSolutions-S1``, ``CKV_AWS_18`` or, of the CDK,
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
    """Lets through what checkov misses in a function that answers requests or takes messages from a queue."""
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
    """Lets a number of the resource be a parameter of text."""
    acknowledge(resource, {_DIGITS: "CloudFormation takes the parameter's digits as the number that the value is"})


def empty_is_left_out(resource: IConstruct) -> None:
    """Lets properties of the resource be parameters that may be empty."""
    acknowledge(
        resource,
        dict.fromkeys(_LEFT_OUT, "An empty parameter never reaches the resource: a condition leaves it out"),
    )


def objects_under_prefixes(policy: IConstruct, bucket: IBucket, prefixes: Iterable[str], reason: str) -> None:
    """Lets a policy name the objects under prefixes of a bucket, of which nobody knows the names before.

    Args:
        policy: the policy.
        bucket: a bucket of the stack.
        prefixes: what the objects' keys begin with.
        reason: why the policy is about all of them.
    """
    name = Stack.of(policy).get_logical_id(cast(CfnElement, bucket.node.default_child))
    acknowledge(policy, {f"AwsSolutions-IAM5[Resource::<{name}.Arn>/{prefix}*]": reason for prefix in prefixes})
