"""Choices of instance type and number of instances."""

from __future__ import annotations

from aws_cdk import CfnParameter, CfnRule, CfnRuleAssertion, Stack

from stacks.conditions import any_of, differs, is_one_of, negation
from stacks.parameters import instance_type_names
from stacks.parameters.kinds import text

AUTO, NONE = "AUTO", "NONE"
_MOST_INSTANCES = 20


class CapacityParameters:
    """The parameters of the endpoint's capacity, and the rule that the counts fit together.

    Attributes:
        deploy_instance_type: the instance type; ``stacks.parameters.instance_types`` tells what it has.
        min_instance_count: instances that always run.
        max_instance_count: instances that run under load.
        target_concurrency_per_instance: requests in work or waiting an instance that scaling aims at.
        inference_ami_version: image of the hosts that have a GPU, by SageMaker's name; AUTO or NONE.
    """

    def __init__(self, stack: Stack) -> None:
        self.deploy_instance_type = text(
            stack,
            "deployInstanceType",
            "Instance type of the endpoint: families that begin with g or p have a GPU, the others run on CPU; a "
            "serverless endpoint has none",
            pattern=instance_type_names.PATTERN,
            takes=instance_type_names.TAKES,
            default=instance_type_names.DEFAULT,
        )
        self.min_instance_count = _instance_count(stack, "minInstanceCount", "Instances that always run")
        self.max_instance_count = _instance_count(
            stack, "maxInstanceCount", "Instances that run under load; the same as minInstanceCount for no scaling"
        )
        # Half of what an instance with one worker, a GPU's, takes before it answers 503 (its queue holds 16): the other
        # half has to last until a further instance serves, minutes later.
        self.target_concurrency_per_instance = text(
            stack,
            "targetConcurrencyPerInstance",
            "Requests in work or waiting an instance that scaling aims at; in China ten times as many "
            "requests a minute",
            pattern="[1-9][0-9]{0,3}",
            takes="a whole number from 1 to 9999",
            default="8",
        )
        # SageMaker adds versions, and not to all regions at once: the names are its own, not ours to list.
        self.inference_ami_version = text(
            stack,
            "inferenceAmiVersion",
            "Host image (InferenceAmiVersion) of instances with a GPU; AUTO: the one that our GPU image needs; NONE: "
            "SageMaker's own choice, for a region that does not know that one",
            pattern=f"{AUTO}|{NONE}|[a-z0-9]+(-[a-z0-9]+)+",
            takes="AUTO, NONE, or the name of an InferenceAmiVersion, for example al2-ami-sagemaker-inference-gpu-3-1",
            default=AUTO,
        )
        self._require_room_to_scale(stack)

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [
            self.deploy_instance_type,
            self.min_instance_count,
            self.max_instance_count,
            self.target_concurrency_per_instance,
            self.inference_ami_version,
        ]

    def _require_room_to_scale(self, stack: Stack) -> None:
        """Refuse more instances always than under load. Rules cannot compare numbers: each count is an assertion."""
        smallest, largest = (
            parameter.value_as_string for parameter in (self.min_instance_count, self.max_instance_count)
        )
        CfnRule(
            stack,
            "InstanceCounts",
            assertions=[
                CfnRuleAssertion(
                    assert_=any_of(
                        differs(smallest, str(count)),
                        negation(is_one_of(largest, [str(less) for less in range(1, count)])),
                    ),
                    assert_description=(
                        f"minInstanceCount={count} needs a maxInstanceCount of {count} or more; raise maxInstanceCount"
                    ),
                )
                for count in range(2, _MOST_INSTANCES + 1)
            ],
        )


def _instance_count(stack: Stack, name: str, description: str) -> CfnParameter:
    """A number of instances, as text: a Number could be written as 01, and the template compares text."""
    return text(
        stack,
        name,
        description,
        pattern="[1-9]|1[0-9]|20",
        takes=f"a whole number from 1 to {_MOST_INSTANCES}",
        default="1",
    )
