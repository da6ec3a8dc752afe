"""The operator's own web ACL in front of the API, where one is named."""

from __future__ import annotations

from aws_cdk import CfnCondition
from aws_cdk.aws_apigateway import RestApi
from aws_cdk.aws_wafv2 import CfnWebACLAssociation
from constructs import Construct

from stacks.conditions import is_given
from stacks.parameters.api import ApiParameters


class WebAcl(Construct):
    """The link between the stage and the operator's web ACL; the stack does not change the ACL itself."""

    def __init__(self, scope: Construct, construct_id: str, *, parameters: ApiParameters, api: RestApi) -> None:
        super().__init__(scope, construct_id)
        arn = parameters.web_acl_arn.value_as_string
        has_acl = CfnCondition(self, "HasAcl", expression=is_given(arn))
        link = CfnWebACLAssociation(self, "Link", resource_arn=api.deployment_stage.stage_arn, web_acl_arn=arn)
        link.cfn_options.condition = has_acl
