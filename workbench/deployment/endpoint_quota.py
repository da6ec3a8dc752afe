"""Number of instances of a type that the account may run for endpoints, asked of Service Quotas.

China has that service, too: https://docs.amazonaws.cn/en_us/aws/latest/userguide/servicequotas.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.deployment.account import REFUSALS, Account, code_of
from workbench.errors import AccountError

_SERVICE = "sagemaker"
# A quota without a value of the account's own may be in the list of defaults alone.
# https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
_LISTS = ("list_service_quotas", "list_aws_default_service_quotas")


@dataclass(frozen=True)
class EndpointQuota:
    """Quota of an instance type: its code, and the number of instances of all endpoints together."""

    code: str
    instances: int


def find(client: Any, instance_type: str) -> EndpointQuota | None:
    """Find the quota of an instance type; None where the service knows none."""
    name = name_of(instance_type)
    for operation in _LISTS:
        for page in client.get_paginator(operation).paginate(ServiceCode=_SERVICE):
            for entry in page["Quotas"]:
                if entry["QuotaName"] == name:
                    return EndpointQuota(entry["QuotaCode"], int(entry["Value"]))
    return None


def name_of(instance_type: str) -> str:
    """Name of the quota, as SageMaker's own errors spell it."""
    return f"{instance_type} for endpoint usage"


def check(account: Account, values: Mapping[str, str]) -> list[str]:
    """Check that the account may run the instances that the parameters ask for.

    Returns:
        Notes about an answer that is missing, and about a quota that suffices for the start alone.

    Raises:
        AccountError: it may not; the text has the command that asks for more.
    """
    if values["endpointType"] == "serverless":
        return []
    instance_type, smallest, largest = (
        values[name] for name in ("deployInstanceType", "minInstanceCount", "maxInstanceCount")
    )
    shadow = int(bool(values.get("shadowModelName")))
    least, most = int(smallest) + shadow, int(largest) + shadow
    # An update runs a new fleet beside the old one.
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html
    wanted = 2 * most
    try:
        quota = find(account.client("service-quotas"), instance_type)
    except REFUSALS as error:
        return [
            f"Service Quotas does not say whether {instance_type} may run ({code_of(error)}); a new account may run "
            f"none: see '{name_of(instance_type)}' in its console"
        ]
    if quota is None:
        return [
            f"Service Quotas knows no '{name_of(instance_type)}' in {account.region}: SageMaker may not have the type "
            "there"
        ]
    raises = account.aws_command(
        *("service-quotas", "request-service-quota-increase", "--service-code", _SERVICE),
        *("--quota-code", quota.code, "--desired-value", str(wanted)),
    )
    allowed = f"this account's endpoints may run {quota.instances} of {instance_type} in {account.region}"
    if quota.instances < least:
        raise AccountError(f"{allowed}, and the stack needs {least}; ask for more: {raises}")
    if quota.instances < wanted:
        update = f"an update at maxInstanceCount={largest}{' with a shadow' * shadow}"
        return [f"{allowed}: enough to start, but {update} needs {wanted}: {raises}"]
    return []
