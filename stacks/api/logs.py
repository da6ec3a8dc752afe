"""Logs of API Gateway: a line for every request, and its own errors.

The role that it writes with is a setting of the account and region, shared by all REST APIs there. A stack that
sets it sets it for all of them, so the setting outlives this stack.
"""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import ArnFormat, CfnCondition, CfnParameter, CfnResource, Fn, RemovalPolicy, Stack
from aws_cdk.aws_apigateway import CfnAccount, CfnStage, RestApi
from aws_cdk.aws_iam import PolicyDocument, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge
from stacks.conditions import differs, is_yes, value_if
from stacks.parameters.api import ApiParameters
from stacks.telemetry.log_retention import keep_for

# A line's keys, and API Gateway's variables. No value comes from a client: API Gateway does not escape values
# for JSON, and its message about a broken Authorization header quotes that header. A camera's name is the registry's,
# as the authorizer tells it; a path or a query may have a key in it, and 'resource' is the template's own word.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
LINE = {
    "request_id": "$context.requestId",
    "extended_request_id": "$context.extendedRequestId",
    "ip": "$context.identity.sourceIp",
    "api_key_id": "$context.identity.apiKeyId",
    "principal": "$context.identity.userArn",
    "camera": "$context.authorizer.principalId",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "integration_error": "$context.integrationErrorMessage",
    "waf": "$context.wafResponseCode",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "response_bytes": "$context.responseLength",
}
# As in AWS's own policy, AmazonAPIGatewayPushToCloudWatchLogs. API Gateway refuses a role that lacks one of them.
_ACTIONS = [
    *["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    *["logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents"],
]


class ApiLogs(Construct):
    """The stage's access log and execution log, both with a retention.

    The execution log has errors alone, and never bodies: frames are in no log.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: ApiParameters,
        retention_days: CfnParameter,
        api: RestApi,
        stage_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._retention_days = retention_days
        chosen = parameters.access_logs.value_as_string
        logs = CfnCondition(self, "Logs", expression=differs(chosen, "No"))
        sets_role = CfnCondition(self, "SetsRole", expression=is_yes(chosen))
        access = self._log_group("Access", condition=logs)
        # Without this group API Gateway makes one itself, and keeps its lines for ever.
        name = f"API-Gateway-Execution-Logs_{api.rest_api_id}/{stage_name}"
        execution = self._log_group("Execution", condition=logs, name=name)
        stage = cast(CfnStage, api.deployment_stage.node.default_child)
        settings = {
            # As API Gateway wants it: without the ':*' that the group's own attribute ends with.
            "DestinationArn": Stack.of(self).format_arn(
                service="logs",
                resource="log-group",
                resource_name=access.log_group_name,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            "Format": json.dumps(LINE),
        }
        stage.add_property_override("AccessLogSetting", value_if(logs, settings))
        stage.add_property_override("MethodSettings.0.LoggingLevel", value_if(logs, "ERROR", "OFF").to_string())
        # CloudFormation waits for what a property names. It takes no DependsOn on what a condition may leave out.
        through = value_if(
            sets_role, Fn.join(" ", ["of the setting", self._account(sets_role).ref]), "of the account"
        ).to_string()
        says = Fn.join(" ", ["Logs errors to", execution.log_group_name, "with the role", through])
        acknowledge(
            stage,
            {
                **dict.fromkeys(
                    ("AwsSolutions-APIG1", "AwsSolutions-APIG6", "CKV_AWS_76"),
                    "On unless the operator says apiAccessLogs=No; the checkers cannot read a condition",
                ),
                "AwsSolutions-APIG3": "webAclArn attaches the operator's own web ACL, which costs by the request",
                "CKV_AWS_120": "No two frames are alike: there is nothing to cache",
            },
        )
        stage.add_property_override("Description", value_if(logs, says, "Logs nothing"))

    def _log_group(self, name_here: str, *, condition: CfnCondition, name: str | None = None) -> LogGroup:
        group = LogGroup(self, name_here, log_group_name=name, removal_policy=RemovalPolicy.DESTROY)
        keep_for(group, self._retention_days)
        cast(CfnResource, group.node.default_child).cfn_options.condition = condition
        return group

    def _account(self, condition: CfnCondition) -> CfnAccount:
        """The account's setting and its role. Both stay when the stack goes, for the other APIs of the account.

        The role is trusted without aws:SourceAccount: AWS does not say that API Gateway sends it here, and a role that
        it cannot assume breaks the logs of all APIs.
        """
        every_group = Stack.of(self).format_arn(service="logs", resource="*", arn_format=ArnFormat.COLON_RESOURCE_NAME)
        role = Role(
            self,
            "AccountRole",
            assumed_by=ServicePrincipal("apigateway.amazonaws.com"),
            description="Lets API Gateway write the logs of all REST APIs of this account and region",
            inline_policies={
                "Logs": PolicyDocument(statements=[PolicyStatement(actions=_ACTIONS, resources=[every_group])])
            },
        )
        acknowledge(
            role,
            {
                "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:*]": (
                    "The role of all REST APIs of the account and region, whose groups nobody knows here"
                )
            },
        )
        account = CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        for resource in (cast(CfnResource, role.node.default_child), account):
            resource.cfn_options.condition = condition
            resource.apply_removal_policy(RemovalPolicy.RETAIN)
        return account
