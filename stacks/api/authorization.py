"""Who may call the API: holders of its key, principals of the account, known cameras, or everyone, by parameter."""

from __future__ import annotations

from typing import Any, cast

from aws_cdk import Aws, CfnCondition, Stack
from aws_cdk.aws_apigateway import (
    CfnApiKey,
    CfnAuthorizer,
    CfnMethod,
    CfnRestApi,
    CfnUsagePlan,
    CfnUsagePlanKey,
    Method,
    RestApi,
)
from aws_cdk.aws_lambda import CfnPermission, Function
from constructs import Construct

from stacks.access.authorization_ways import AuthorizationWays
from stacks.checks.acknowledgements import acknowledge, digits_are_numbers
from stacks.conditions import differs, value_if
from stacks.parameters.api import ApiParameters


class ApiAuthorization(Construct):
    """The way of authorization chosen by the parameter, for each method of the API."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: ApiParameters,
        ways: AuthorizationWays,
        api: RestApi,
        authorizer: Function,
    ) -> None:
        """Take the API, and the function that it asks with ``apiAuthorization=CAMERA``."""
        super().__init__(scope, construct_id)
        self._parameters, self._ways, self._api = parameters, ways, api
        self._authorizer = self._ask(authorizer)

    def _ask(self, function: Function) -> CfnAuthorizer:
        """Ask a function about every request, and remember no answer.

        A disabled camera is refused at once then. Nothing names where the credential is, because it may be in either of
        two headers or in the query, and API Gateway asks for all that is named.
        """
        stack = Stack.of(self)
        path = f"2015-03-31/functions/{function.function_arn}/invocations"
        authorizer = CfnAuthorizer(
            self,
            "Cameras",
            name="Cameras",
            rest_api_id=self._api.rest_api_id,
            type="REQUEST",
            authorizer_uri=stack.format_arn(
                service="apigateway", account="lambda", resource="path", resource_name=path
            ),
            authorizer_result_ttl_in_seconds=0,
        )
        permission = CfnPermission(
            self,
            "AskPermission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=stack.format_arn(
                service="execute-api", resource=self._api.rest_api_id, resource_name=f"authorizers/{authorizer.ref}"
            ),
        )
        for resource in (authorizer, permission):
            resource.cfn_options.condition = self._ways.uses_credentials
        return authorizer

    def require(self, method: Method) -> None:
        """Require callers of a method to prove who they are."""
        resource = cast(CfnMethod, method.node.default_child)
        ways = self._ways
        kind = value_if(ways.uses_iam, "AWS_IAM", value_if(ways.uses_credentials, "CUSTOM", "NONE"))
        resource.add_property_override("AuthorizationType", kind)
        resource.add_property_override("AuthorizerId", value_if(ways.uses_credentials, self._authorizer.ref))
        resource.add_property_override("ApiKeyRequired", value_if(ways.uses_key, True, False))
        acknowledge(
            resource,
            {
                "AwsSolutions-APIG4": "apiAuthorization chooses the way; NONE is open because the operator says so",
                "AwsSolutions-COG4": "Cameras are no users who sign in; China has no Cognito authorizers",
                "CKV_AWS_59": "apiAuthorization chooses the way; NONE is open because the operator says so",
            },
        )

    def restrict(self) -> None:
        """With signatures, let only this account's principals call, and let browsers send preflights.

        Elsewhere the policy lets everyone call, by words of its own: an update that takes the property away leaves the
        policy of earlier days on the API, and each camera would get 403. Keys and limits are looked at all the same.
        https://github.com/aws/aws-cdk/issues/21840
        """
        root = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:root"
        # Browsers never sign a preflight, which only tells what they may ask.
        signed = _policy(_may_call({"AWS": root}, "execute-api:/*"), _may_call("*", "execute-api:/*/OPTIONS/*"))
        unsigned = _policy(_may_call("*", "execute-api:/*"))
        resource = cast(CfnRestApi, self._api.node.default_child)
        resource.add_property_override("Policy", value_if(self._ways.uses_iam, signed, unsigned))
        assert self._api.latest_deployment is not None
        # A deployment keeps the policy as it was then.
        self._api.latest_deployment.add_to_logical_id([signed, unsigned])

    def issue_key(self) -> str:
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
            api_stages=[
                CfnUsagePlan.ApiStageProperty(api_id=self._api.rest_api_id, stage=self._api.deployment_stage.stage_name)
            ],
            throttle=CfnUsagePlan.ThrottleSettingsProperty(rate_limit=rate, burst_limit=burst),
            quota=value_if(has_quota, {"Limit": quota.value_as_string, "Period": "MONTH"}),
        )
        digits_are_numbers(plan)
        key = CfnApiKey(self, "Key", enabled=True, description=f"Cameras of {Aws.STACK_NAME}")
        link = CfnUsagePlanKey(self, "PlanOfKey", key_id=key.ref, key_type="API_KEY", usage_plan_id=plan.ref)
        for resource in (plan, key, link):
            resource.cfn_options.condition = self._ways.uses_key
        return key.ref


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _may_call(principal: str | dict[str, str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "execute-api:Invoke", "Resource": resource}
