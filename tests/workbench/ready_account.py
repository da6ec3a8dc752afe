"""Account of moto's that is ready for a deployment: API Gateway has a role for logs, and instances may run."""

from __future__ import annotations

import boto3
import pytest

from workbench.deployment import endpoint_quota
from workbench.deployment.endpoint_quota import EndpointQuota


def make_ready(monkeypatch: pytest.MonkeyPatch, *regions: str) -> None:
    """Make regions of moto's account ready; it has no quotas of SageMaker, so these are a stand-in."""
    monkeypatch.setattr(endpoint_quota, "find", lambda *_: EndpointQuota("L-1", 100))
    for region in regions:
        role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}
        boto3.client("apigateway", region_name=region).update_account(patchOperations=[role])
