"""Choices of the endpoint's kind, network, key and data capture."""

from __future__ import annotations

from aws_cdk import CfnParameter, CfnRule, CfnRuleAssertion, ICfnConditionExpression, Stack

from stacks.conditions import all_of, any_of, differs, equals, is_given_in_rules, negation
from stacks.parameters.kinds import choice, text

REAL_TIME, SERVERLESS, ASYNC = "real-time", "serverless", "async"


class EndpointParameters:
    """The parameters of the endpoint, and the rules that they fit together.

    Attributes:
        endpoint_type: whether instances answer at once, AWS runs the image on demand, or instances take from a queue.
        serverless_memory_mib: memory of a serverless endpoint, and by it its share of processors.
        serverless_max_concurrency: requests that a serverless endpoint works on at once.
        vpc_subnet_ids: subnets in which the endpoint's instances get their network interfaces, by commas; or empty.
        vpc_security_group_ids: security groups of those interfaces, by commas; or empty.
        kms_key_arn: the key that encrypts the events bucket and the instances' volumes; or empty for AWS's own.
        data_capture_percentage: per cent of the requests whose bodies and answers SageMaker writes to S3.
    """

    def __init__(self, stack: Stack) -> None:
        self.endpoint_type = choice(
            stack,
            "endpointType",
            [REAL_TIME, SERVERLESS, ASYNC],
            "real-time: instances that always run; serverless: AWS runs the CPU image on demand; async: instances that "
            "work through a queue, and none while it is empty",
        )
        self.serverless_memory_mib = choice(
            stack,
            "serverlessMemoryMib",
            ["6144", "5120", "4096", "3072", "2048", "1024"],
            "Memory in MiB when endpointType is serverless; processors come with it",
        )
        # A new account's whole quota in a region.
        self.serverless_max_concurrency = text(
            stack,
            "serverlessMaxConcurrency",
            "Requests at once when endpointType is serverless; the account's quota counts those of all endpoints",
            pattern="[1-9]|[1-9][0-9]|1[0-9][0-9]|200",
            takes="a whole number from 1 to 200",
            default="10",
        )
        self.vpc_subnet_ids = text(
            stack,
            "vpcSubnetIds",
            "Subnets of your VPC for the endpoint's network interfaces, with commas between; empty for none",
            pattern=_ids_of("subnet", 16),
            takes="up to 16 subnet ids with commas between and no spaces, or empty",
        )
        self.vpc_security_group_ids = text(
            stack,
            "vpcSecurityGroupIds",
            "Security groups of those network interfaces, with commas between; empty for none",
            pattern=_ids_of("sg", 5),
            takes="up to 5 security group ids with commas between and no spaces, or empty",
        )
        self.kms_key_arn = text(
            stack,
            "kmsKeyArn",
            "KMS key of your own for the events bucket and the instances' volumes; empty for keys of AWS",
            pattern=r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?",
            takes="the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID (in China arn:aws-cn), or empty",
        )
        self.data_capture_percentage = text(
            stack,
            "dataCapturePercentage",
            "Per cent of the requests that SageMaker captures, bodies and answers, in the events bucket; 0 for none",
            pattern="0|[1-9][0-9]?|100",
            takes="a whole number from 0 to 100",
            default="0",
        )
        self._require_fit(stack)

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [
            self.endpoint_type,
            self.serverless_memory_mib,
            self.serverless_max_concurrency,
            self.vpc_subnet_ids,
            self.vpc_security_group_ids,
            self.kms_key_arn,
            self.data_capture_percentage,
        ]

    def _require_fit(self, stack: Stack) -> None:
        """Refuse, before anything is created, combinations that SageMaker does not have."""
        kind = self.endpoint_type.value_as_string
        is_serverless = equals(kind, SERVERLESS)
        has_subnets, has_groups = (
            is_given_in_rules(parameter.value_as_string)
            for parameter in (self.vpc_subnet_ids, self.vpc_security_group_ids)
        )
        captures = differs(self.data_capture_percentage.value_as_string, "0")
        rules: dict[str, tuple[ICfnConditionExpression, ICfnConditionExpression, str]] = {
            "ServerlessNetwork": (
                any_of(has_subnets, has_groups),
                negation(is_serverless),
                "endpointType=serverless cannot be attached to a VPC; leave vpcSubnetIds and vpcSecurityGroupIds out, "
                "or choose another endpointType",
            ),
            "Network": (
                any_of(has_subnets, has_groups),
                all_of(has_subnets, has_groups),
                "vpcSubnetIds and vpcSecurityGroupIds go together; give both or neither",
            ),
            "DataCapture": (
                captures,
                equals(kind, REAL_TIME),
                "dataCapturePercentage needs endpointType=real-time; leave it at 0 for the other types",
            ),
        }
        for name, (condition, assertion, description) in rules.items():
            CfnRule(
                stack,
                name,
                rule_condition=condition,
                assertions=[CfnRuleAssertion(assert_=assertion, assert_description=description)],
            )


def _ids_of(kind: str, most: int) -> str:
    """A pattern for up to ``most`` ids of EC2 with commas between, or nothing."""
    one = f"{kind}-[0-9a-f]{{8}}([0-9a-f]{{9}})?"
    return f"({one}(,{one}){{0,{most - 1}}})?"
