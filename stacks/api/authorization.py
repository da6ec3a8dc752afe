"""Who may call the API: holders of its key, principals of the account, or everyone, by parameter."""

from __future__ import annotations

from typing import Any, cast

from aws_cdk import Aws, CfnCondition
from aws_cdk.aws_apigateway import (
    CfnApiKey,
    CfnMethod,
    CfnRestApi,
    CfnUsagePlan,
    CfnUsagePlanKey,
    Method,
    RestApi,
)
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge, digits_are_numbers
from stacks.conditions import all_of, any_of, differs, equals, negation, value_if
from stacks.parameters.api import ApiParameters
from stacks.partition import Partition


class ApiAuthorization(Construct):
    """The way of authorization chosen by the parameter.

    Attributes:
        uses_key: the condition that callers send an API key.
        uses_iam: the condition that callers sign their requests.
        ways: by name, the conditions of all ways, of which one holds.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: ApiParameters, partition: Partition) -> None:
        super().__init__(scope, construct_id)
        self._parameters = parameters
        chosen = parameters.authorization.value_as_string
        is_auto = equals(chosen, "AUTO")
        self.uses_iam = CfnCondition(
            self,
            "UsesIam",
            expression=any_of(equals(chosen, "AWS_IAM"), all_of(is_auto, partition.is_china)),
        )
        self.uses_key = CfnCondition(
            self,
            "UsesKey",
            expression=any_of(equals(chosen, "API_KEY"), all_of(is_auto, negation(partition.is_china))),
        )
        is_open = CfnCondition(self, "IsOpen", expression=equals(chosen, "NONE"))
        self.ways = {"Key": self.uses_key, "Iam": self.uses_iam, "Open": is_open}

    def require(self, method: Method) -> None:
        """Require callers of a method to prove who they are."""
        resource = cast(CfnMethod, method.node.default_child)
        resource.add_property_override("AuthorizationType", value_if(self.uses_iam, "AWS_IAM", "NONE"))
        resource.add_property_override("ApiKeyRequired", value_if(self.uses_key, True, False))
        acknowledge(
            resource,
            {
                "AwsSolutions-APIG4": "apiAuthorization chooses the way; NONE is open because the operator says so",
                "AwsSolutions-COG4": "Cameras are no users who sign in; China has no Cognito authorizers",
                "CKV_AWS_59": "apiAuthorization chooses the way; NONE is open because the operator says so",
            },
        )

    def restrict(self, api: RestApi) -> None:
        """With AWS_IAM, let only this account's principals call, and let browsers send preflights.

        Elsewhere the policy lets everyone call, by words of its own: an update that takes the property away leaves the
        policy of earlier days on the API, and each camera would get 403. Keys and limits are looked at all the same.
        https://github.com/aws/aws-cdk/issues/21840
        """
        root = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:root"
        # Browsers never sign a preflight, which only tells what they may ask.
        signed = _policy(_may_call({"AWS": root}, "execute-api:/*"), _may_call("*", "execute-api:/*/OPTIONS/*"))
        unsigned = _policy(_may_call("*", "execute-api:/*"))
        resource = cast(CfnRestApi, api.node.default_child)
        resource.add_property_override("Policy", value_if(self.uses_iam, signed, unsigned))
        assert api.latest_deployment is not None
        # A deployment keeps the policy as it was then.
        api.latest_deployment.add_to_logical_id([signed, unsigned])

    def issue_key(self, api: RestApi) -> str:
        """Make a key and the usage plan that limits it.

        Returns:
            The key's id. API Gateway makes its value, which appears nowhere in the stack.
        """
        rate, burst = self._parameters.throttle_rate.value_as_number, self._parameters.throttle_burst.value_as_number
        quota = self._parameters.monthly_quota
        has_quota = CfnCondition(
            self,
            "HasQuota",
            expression=differs(quota.value_as_string, "0"),
        )
        plan = CfnUsagePlan(
            self,
            "UsagePlan",
            description="What the API key may do",
            api_stages=[CfnUsagePlan.ApiStageProperty(api_id=api.rest_api_id, stage=api.deployment_stage.stage_name)],
            throttle=CfnUsagePlan.ThrottleSettingsProperty(rate_limit=rate, burst_limit=burst),
            quota=value_if(has_quota, {"Limit": quota.value_as_string, "Period": "MONTH"}),
        )
        digits_are_numbers(plan)
        key = CfnApiKey(self, "Key", enabled=True, description=f"Cameras of {Aws.STACK_NAME}")
        link = CfnUsagePlanKey(self, "PlanOfKey", key_id=key.ref, key_type="API_KEY", usage_plan_id=plan.ref)
        for resource in (plan, key, link):
            resource.cfn_options.condition = self.uses_key
        return key.ref


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _may_call(principal: str | dict[str, str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "execute-api:Invoke", "Resource": resource}
