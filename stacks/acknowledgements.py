"""Findings of the template's checkers that are no faults here, each with its reason beside the resource.

The checkers are the CDK's own validation, cdk-nag (``AwsSolutions-...``) and checkov (``CKV_...``). Only what is named
is let through, on the resource where it is said: `make templates` fails on everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import Construct

_CHECKOV = "CKV_"
_NAG_PACK = "AwsSolutions"
_FINDINGS_OF_CHECKOV = "checkov"


def acknowledge(construct: Construct, reasons: Mapping[str, str]) -> None:
    """Lets findings on a construct through.

    Args:
        construct: a resource, or what holds one as its main resource; for checkov only that resource itself counts.
        reasons: by the finding's id, why it is no fault: ``AwsSolutions-S1``, ``CKV_AWS_18`` or, of the CDK,
            ``CloudFormation-Validate::W9003``. cdk-nag tells findings of one rule apart by brackets:
            ``AwsSolutions-IAM5[Resource::*]``.
    """
    of_checkov = {finding: reason for finding, reason in reasons.items() if finding.startswith(_CHECKOV)}
    for finding, reason in reasons.items():
        if finding not in of_checkov:
            pack = f"{_NAG_PACK}::" if finding.startswith(_NAG_PACK) else ""
            Validations.of(construct).acknowledge(Acknowledgment(id=f"{pack}{finding}", reason=reason))
    if of_checkov:
        resource = cast(CfnResource, construct.node.default_child or construct)
        earlier = (resource.get_metadata(_FINDINGS_OF_CHECKOV) or {"skip": []})["skip"]
        skipped = [{"id": finding, "comment": reason} for finding, reason in of_checkov.items()]
        resource.add_metadata(_FINDINGS_OF_CHECKOV, {"skip": [*earlier, *skipped]})
