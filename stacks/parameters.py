"""What the operator chooses at deployment. The first five names and their values are a promise to users."""

from __future__ import annotations

import re

from aws_cdk import CfnParameter, CfnRule, CfnRuleAssertion, Fn, Stack

import ipc_ai_catalogue as catalogue
from stacks import image_uri
from stacks.alarm_parameters import AlarmParameters
from stacks.api_parameters import ApiParameters
from stacks.capacity_parameters import CapacityParameters
from stacks.endpoint_parameters import EndpointParameters
from stacks.event_parameters import EventParameters
from stacks.log_parameters import LogParameters
from stacks.parameter_kinds import choice, text

_MODEL_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"


class Parameters:
    """The stack's parameters, and the rules that catch choices which do not fit together."""

    def __init__(self, stack: Stack, *, has_customized_image: bool) -> None:
        """Adds them to the stack.

        Args:
            stack: the stack.
            has_customized_image: whether an image with a custom application is built, so that none has to be named.
        """
        known = catalogue.load()
        applications = sorted(known.applications.values(), key=lambda application: not application.default)
        self.application_type = choice(
            stack,
            "applicationType",
            [application.name for application in applications],
            "What the service does",
        )
        self.detector_model_name = text(
            stack,
            "detectorModelName",
            "Detector for face-detection and body-detection; for custom any name, which the container "
            "finds as MODEL_NAME in its environment",
            pattern=_MODEL_NAME,
            takes="a name of letters, digits, '.', '_' and '-', at most 63, that begins with a letter or digit",
            default=known.detectors()[0],
        )
        self.face_detect_and_compare_model_name = choice(
            stack,
            "faceDetectAndCompareModelName",
            known.model_choices("face-comparison"),
            "Face detector + face embedder; used when applicationType is face-comparison",
        )
        self.model_data_url = text(
            stack,
            "modelDataUrl",
            "model.tar.gz with weights and, for applicationType=custom, code/inference.py; or empty",
            pattern="(s3://[a-z0-9][a-z0-9.-]+/.+)?",
            takes="s3://BUCKET/KEY of a model.tar.gz, or empty",
        )
        self.frame_bucket_name = text(
            stack,
            "frameBucketName",
            "Bucket whose objects requests may name as frames (s3://BUCKET/KEY); or empty for none",
            pattern="([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?",
            takes="the name of an S3 bucket, or empty",
        )
        self.container_image_uri = text(
            stack,
            "containerImageUri",
            "Image of your own in ECR that the endpoint runs; empty runs the one that is built here",
            pattern=image_uri.PATTERN,
            takes="the URI of an image in a private ECR repository, "
            "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG (in China .amazonaws.com.cn) or with @sha256:DIGEST "
            "for the tag; or empty",
        )
        self.capacity = CapacityParameters(stack)
        self.endpoint = EndpointParameters(stack, deploy_instance_type=self.capacity.deploy_instance_type)
        self.api = ApiParameters(stack)
        self.alarms = AlarmParameters(stack)
        self.logs = LogParameters(stack)
        self.events = EventParameters(stack)
        _group(
            stack,
            {
                "Application": [
                    self.application_type,
                    self.detector_model_name,
                    self.face_detect_and_compare_model_name,
                    self.model_data_url,
                    self.container_image_uri,
                ],
                "Capacity": self.capacity.all,
                "Endpoint": self.endpoint.all,
                "API": self.api.all,
                "Alarms": self.alarms.all,
                "Logs and metrics": self.logs.all,
                "Event store": self.events.all,
                "Frames in S3": [self.frame_bucket_name],
            },
        )
        if not has_customized_image:
            self._require_custom_program(stack)
        self._require_fitting_detector(stack, known)
        self._require_fit_for_files(stack)

    def _require_custom_program(self, stack: Stack) -> None:
        """A custom application has its program in model data or in an image."""
        given = [
            Fn.condition_not(Fn.condition_equals(parameter.value_as_string, ""))
            for parameter in (self.model_data_url, self.container_image_uri)
        ]
        CfnRule(
            stack,
            "CustomModelData",
            rule_condition=Fn.condition_equals(self.application_type.value_as_string, "custom"),
            assertions=[
                CfnRuleAssertion(
                    assert_=Fn.condition_or(*given),
                    assert_description=(
                        "applicationType=custom needs modelDataUrl, s3://BUCKET/KEY of a model.tar.gz with "
                        "code/inference.py, or containerImageUri, or --context customizedApplication=FOLDER"
                    ),
                )
            ],
        )

    def _require_fitting_detector(self, stack: Stack, known: catalogue.Catalogue) -> None:
        """A detector is one of the catalogue that was made for the application."""
        for name, application in known.applications.items():
            choices = known.detectors(name)
            if application.model_parameter != self.detector_model_name.node.id or not choices:
                continue
            CfnRule(
                stack,
                f"{name.title().replace('-', '')}Model",
                rule_condition=Fn.condition_equals(self.application_type.value_as_string, name),
                assertions=[
                    CfnRuleAssertion(
                        assert_=Fn.condition_contains(choices, self.detector_model_name.value_as_string),
                        assert_description=(
                            f"applicationType={name} takes one of these as detectorModelName: {', '.join(choices)}"
                        ),
                    )
                ],
            )

    def _require_fit_for_files(self, stack: Stack) -> None:
        """A comparison has two images, and a file is one; and its function waits for an answer."""
        CfnRule(
            stack,
            "IngestFits",
            rule_condition=Fn.condition_equals(self.events.ingest_from_s3.value_as_string, "Yes"),
            assertions=[
                CfnRuleAssertion(
                    assert_=Fn.condition_not(
                        Fn.condition_equals(self.application_type.value_as_string, "face-comparison")
                    ),
                    assert_description=(
                        "ingestFromS3=Yes takes one image a file and applicationType=face-comparison needs two; "
                        "set ingestFromS3=No, or choose another application"
                    ),
                ),
                CfnRuleAssertion(
                    assert_=Fn.condition_not(Fn.condition_equals(self.endpoint.endpoint_type.value_as_string, "async")),
                    assert_description=(
                        "ingestFromS3=Yes has a queue of its own and needs an endpoint that answers at once; "
                        "set endpointType=real-time or serverless, or ingestFromS3=No"
                    ),
                ),
            ],
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
    """A parameter's label: the console shows it for the name, which is in it, as the command line takes that."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return f"{words[0].upper()}{words[1:]} ({name})"
