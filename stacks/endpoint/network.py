"""Network interfaces of the endpoint's instances in the operator's VPC, where one is given."""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, Fn, IResolvable
from aws_cdk.aws_iam import PolicyStatement
from constructs import Construct

from stacks.conditions import is_given, value_if
from stacks.parameters.endpoint import EndpointParameters


class EndpointNetwork(Construct):
    """Subnets and security groups of the operator's VPC.

    Attributes:
        is_attached: the condition that they are given.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: EndpointParameters) -> None:
        super().__init__(scope, construct_id)
        self._subnets = parameters.vpc_subnet_ids.value_as_string
        self._security_groups = parameters.vpc_security_group_ids.value_as_string
        self.is_attached = CfnCondition(self, "IsAttached", expression=is_given(self._subnets))

    @property
    def vpc_config(self) -> IResolvable:
        """The model's VPC configuration, or no value."""
        config = {"Subnets": Fn.split(",", self._subnets), "SecurityGroupIds": Fn.split(",", self._security_groups)}
        return value_if(self.is_attached, config)

    def use_of_interfaces(self) -> list[PolicyStatement]:
        """Permissions to attach instances to the VPC; for when ``is_attached`` holds.

        https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createmodel-perms
        """
        ec2 = f"arn:{Aws.PARTITION}:ec2:{Aws.REGION}"
        interfaces = f"{ec2}:{Aws.ACCOUNT_ID}:network-interface/*"
        return [
            PolicyStatement(
                actions=["ec2:CreateNetworkInterface"],
                # A template cannot put ids from a list into ARNs. A shared subnet belongs to another account.
                resources=[interfaces, f"{ec2}:*:subnet/*", f"{ec2}:*:security-group/*"],
            ),
            PolicyStatement(
                actions=["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"], resources=[interfaces]
            ),
            # EC2 has no resources for these actions.
            PolicyStatement(
                actions=[
                    "ec2:DeleteNetworkInterfacePermission",
                    "ec2:DescribeDhcpOptions",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ],
                resources=["*"],
            ),
        ]
