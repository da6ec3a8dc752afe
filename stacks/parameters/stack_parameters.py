"""All parameters of the stack. The first five names and their values are a promise to users."""

from __future__ import annotations

import re

from aws_cdk import CfnParameter, CfnRule, CfnRuleAssertion, Stack

from ipc_ai_catalogue import FACE_COMPARISON
from stacks.conditions import differs, is_one_of, is_yes, negation
from stacks.parameters.alarms import AlarmParameters
from stacks.parameters.api import ACCEPTED, CAMERA, CAMERA_IAM, ApiParameters
from stacks.parameters.capacity import CapacityParameters
from stacks.parameters.endpoint import EndpointParameters
from stacks.parameters.events import EventParameters
from stacks.parameters.kinds import text
from stacks.parameters.logs import LogParameters
from stacks.parameters.models import ModelParameters, require
from stacks.parameters.shadow import ShadowParameters


class Parameters:
    """The stack's parameters, and rules against choices that do not fit together."""

    def __init__(self, stack: Stack, *, has_customized_image: bool) -> None:
        """Add the parameters and rules to the stack.

        Args:
            stack: the stack.
            has_customized_image: whether an image with a custom application is built, so that none has to be named.
        """
        self.models = ModelParameters(stack, has_customized_image=has_customized_image)
        self.frame_bucket_name = text(
            stack,
            "frameBucketName",
            "Bucket whose objects requests may name as frames (s3://BUCKET/KEY); or empty for none",
            pattern="([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?",
            takes="the name of an S3 bucket, or empty",
        )
        self.capacity = CapacityParameters(stack)
        self.endpoint = EndpointParameters(stack)
        self.shadow = ShadowParameters(stack)
        self.api = ApiParameters(stack)
        self.alarms = AlarmParameters(stack)
        self.logs = LogParameters(stack)
        self.events = EventParameters(stack)
        _group(
            stack,
            {
                "Application": self.models.all,
                "Capacity": self.capacity.all,
                "Endpoint": self.endpoint.all,
                "Shadow": self.shadow.all,
                "API": self.api.all,
                "Alarms": self.alarms.all,
                "Logs and metrics": self.logs.all,
                "Event store": self.events.all,
                "Frames in S3": [self.frame_bucket_name],
            },
        )
        self.models.require_fit(stack, deploy_instance_type=self.capacity.deploy_instance_type)
        self.shadow.require_fit(stack, models=self.models, endpoint=self.endpoint, capacity=self.capacity)
        self._require_fit_for_files(stack)
        self._require_fit_for_pushes(stack)
        self._require_registry_for_its_alarms(stack)

    def _require_fit_for_files(self, stack: Stack) -> None:
        """Refuse comparisons for uploaded files, which are one image each, and endpoints that do not answer at once."""
        CfnRule(
            stack,
            "IngestFits",
            rule_condition=is_yes(self.events.ingest_from_s3.value_as_string),
            assertions=[
                CfnRuleAssertion(
                    assert_=differs(self.models.application_type.value_as_string, FACE_COMPARISON),
                    assert_description=(
                        f"ingestFromS3=Yes takes one image a file and applicationType={FACE_COMPARISON} needs two; "
                        "set ingestFromS3=No, or choose another application"
                    ),
                ),
                CfnRuleAssertion(
                    assert_=differs(self.endpoint.endpoint_type.value_as_string, "async"),
                    assert_description=(
                        "ingestFromS3=Yes has a queue of its own and needs an endpoint that answers at once; "
                        "set endpointType=real-time or serverless, or ingestFromS3=No"
                    ),
                ),
            ],
        )

    def _require_fit_for_pushes(self, stack: Stack) -> None:
        """Refuse to accept pictures that nothing keeps, and those that no queue can look at.

        Lists, because equalities would connect the parameters to all others that rules compare.
        """
        is_accepted = is_one_of(self.api.push_answer.value_as_string, [ACCEPTED])
        for name, assertion, description in (
            (
                "AcceptedIsKept",
                is_one_of(self.events.save_request_events.value_as_string, ["Yes"]),
                f"pushAnswer={ACCEPTED} promises that the picture is kept; set saveRequestEvents=Yes, or leave "
                "pushAnswer at result",
            ),
            (
                "AcceptedIsOnePicture",
                negation(is_one_of(self.models.application_type.value_as_string, [FACE_COMPARISON])),
                f"pushAnswer={ACCEPTED} takes one picture and applicationType={FACE_COMPARISON} needs two; leave "
                "pushAnswer at result, or choose another application",
            ),
            (
                "AcceptedEndpoint",
                negation(is_one_of(self.endpoint.endpoint_type.value_as_string, ["async"])),
                f"pushAnswer={ACCEPTED} has a queue of its own and needs an endpoint that answers at once; set "
                "endpointType=real-time or serverless, or leave pushAnswer at result",
            ),
        ):
            require(stack, name, assertion, description, condition=is_accepted)

    def _require_registry_for_its_alarms(self, stack: Stack) -> None:
        """Refuse alarms on cameras of a registry that there is not."""
        has_registry = is_one_of(self.api.authorization.value_as_string, [CAMERA, CAMERA_IAM])
        for parameter in self.alarms.of_cameras:
            name = parameter.node.id
            require(
                stack,
                f"{name[0].upper()}{name[1:]}HasRegistry",
                has_registry,
                f"{name} needs a registry of cameras; set apiAuthorization={CAMERA} or {CAMERA_IAM}, or leave it at 0",
                condition=negation(is_one_of(parameter.value_as_string, ["0"])),
            )


def _group(stack: Stack, groups: dict[str, list[CfnParameter]]) -> None:
    names = {label: [parameter.node.id for parameter in parameters] for label, parameters in groups.items()}
    stack.template_options.metadata = {
        "AWS::CloudFormation::Interface": {
            "ParameterGroups": [{"Label": {"default": label}, "Parameters": named} for label, named in names.items()],
            "ParameterLabels": {name: {"default": _in_words(name)} for named in names.values() for name in named},
        }
    }


def _in_words(name: str) -> str:
    """A parameter's label in the console, with the name in brackets for the command line."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return f"{words[0].upper()}{words[1:]} ({name})"
