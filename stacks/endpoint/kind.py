"""SageMaker's kinds of endpoints, and the configuration that each needs."""

from __future__ import annotations

from aws_cdk import CfnCondition, IResolvable
from constructs import Construct

from stacks.conditions import equals, negation, value_if
from stacks.parameters.endpoint import ASYNC, SERVERLESS, EndpointParameters

# Requests that an asynchronous endpoint hands to an instance at once. The instance types have up to 8 vCPUs, and an
# instance with one worker, a GPU's, answers 503 when 16 wait.
_CONCURRENCY_PER_INSTANCE = 8


class EndpointKind(Construct):
    """The kind chosen by ``endpointType``.

    Attributes:
        is_serverless: the condition that AWS runs the image on demand.
        is_async: the condition that instances take from a queue.
        answers_at_once: the condition that callers wait for the answer.
        has_instances: the condition that it is not serverless.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: EndpointParameters) -> None:
        super().__init__(scope, construct_id)
        self._parameters = parameters
        chosen = parameters.endpoint_type.value_as_string
        self.is_serverless = CfnCondition(self, "IsServerless", expression=equals(chosen, SERVERLESS))
        self.is_async = CfnCondition(self, "IsAsync", expression=equals(chosen, ASYNC))
        self.answers_at_once = CfnCondition(
            self,
            "AnswersAtOnce",
            expression=negation(self.is_async),
        )
        self.has_instances = CfnCondition(
            self,
            "HasInstances",
            expression=negation(self.is_serverless),
        )

    @property
    def name_suffix(self) -> str:
        """The end of the endpoint's name: an endpoint cannot change its kind, so each kind has its own name."""
        return value_if(
            self.is_async,
            f"-{ASYNC}",
            value_if(self.is_serverless, f"-{SERVERLESS}", "").to_string(),
        ).to_string()

    @property
    def serverless_config(self) -> IResolvable:
        """Memory and concurrency; no value where there are instances."""
        config = {
            "MemorySizeInMB": self._parameters.serverless_memory_mib.value_as_string,
            "MaxConcurrency": self._parameters.serverless_max_concurrency.value_as_string,
        }
        return value_if(self.is_serverless, config)

    def of_instances(self, value: object) -> IResolvable:
        """A property that instances have; no value when it is serverless."""
        return value_if(self.has_instances, value)

    def async_config(self, *, output: str, failure: str, kms_key: IResolvable, topic: str) -> IResolvable:
        """The queue of an asynchronous endpoint; no value for the other kinds.

        Args:
            output: S3 URI under which it writes the answers.
            failure: S3 URI under which it writes the container's errors.
            kms_key: the key for both, or no value.
            topic: ARN of the topic to which it tells of both.
        """
        config = {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": _CONCURRENCY_PER_INSTANCE},
            "OutputConfig": {
                "S3OutputPath": output,
                "S3FailurePath": failure,
                "KmsKeyId": kms_key,
                "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
            },
        }
        return value_if(self.is_async, config)
