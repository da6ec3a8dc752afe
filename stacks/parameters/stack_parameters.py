"""All parameters of the stack. The first five names and their values are a promise to users."""

from __future__ import annotations

import re

from aws_cdk import CfnCondition, CfnParameter, CfnRule, CfnRuleAssertion, Stack

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON
from stacks.conditions import any_of, differs, equals, is_given, is_one_of, is_yes, value_if
from stacks.parameters import image_uri
from stacks.parameters.alarms import AlarmParameters
from stacks.parameters.api import ApiParameters
from stacks.parameters.capacity import CapacityParameters
from stacks.parameters.endpoint import EndpointParameters
from stacks.parameters.events import EventParameters
from stacks.parameters.kinds import choice, text
from stacks.parameters.logs import LogParameters

_MODEL_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"

_DETECTOR = "detectorModelName"


class Parameters:
    """The stack's parameters, and rules against choices that do not fit together."""

    def __init__(self, stack: Stack, *, has_customized_image: bool) -> None:
        """Add the parameters and rules to the stack.

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
            _DETECTOR,
            f"Detector for {' and '.join(_detectors(known))}; for {CUSTOM} any name, which the "
            "container finds as MODEL_NAME in its environment",
            pattern=_MODEL_NAME,
            takes="a name of letters, digits, '.', '_' and '-', at most 63, that begins with a letter or digit",
            default=known.detectors()[0],
        )
        self.face_detect_and_compare_model_name = choice(
            stack,
            "faceDetectAndCompareModelName",
            known.model_choices(FACE_COMPARISON),
            f"Face detector + face embedder; used when applicationType is {FACE_COMPARISON}",
        )
        self.model_data_url = text(
            stack,
            "modelDataUrl",
            f"model.tar.gz with weights and, for applicationType={CUSTOM}, code/inference.py; or empty",
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

    def chosen_model(self, compares_faces: CfnCondition) -> str:
        """The model name that counts for the chosen application."""
        return value_if(
            compares_faces,
            self.face_detect_and_compare_model_name.value_as_string,
            self.detector_model_name.value_as_string,
        ).to_string()

    def _require_custom_program(self, stack: Stack) -> None:
        """Require a program for a custom application, in model data or in an image."""
        given = [is_given(parameter.value_as_string) for parameter in (self.model_data_url, self.container_image_uri)]
        CfnRule(
            stack,
            "CustomModelData",
            rule_condition=equals(self.application_type.value_as_string, CUSTOM),
            assertions=[
                CfnRuleAssertion(
                    assert_=any_of(*given),
                    assert_description=(
                        f"applicationType={CUSTOM} needs modelDataUrl, s3://BUCKET/KEY of a model.tar.gz with "
                        "code/inference.py, or containerImageUri, or --context customizedApplication=FOLDER"
                    ),
                )
            ],
        )

    def _require_fitting_detector(self, stack: Stack, known: catalogue.Catalogue) -> None:
        """Require a detector that the catalogue has for the application."""
        for name, choices in _detectors(known).items():
            CfnRule(
                stack,
                f"{name.title().replace('-', '')}Model",
                rule_condition=equals(self.application_type.value_as_string, name),
                assertions=[
                    CfnRuleAssertion(
                        assert_=is_one_of(self.detector_model_name.value_as_string, choices),
                        assert_description=(
                            f"applicationType={name} takes one of these as {_DETECTOR}: {', '.join(choices)}"
                        ),
                    )
                ],
            )

    def _require_fit_for_files(self, stack: Stack) -> None:
        """Refuse comparisons for uploaded files, which are one image each, and endpoints that do not answer at once."""
        CfnRule(
            stack,
            "IngestFits",
            rule_condition=is_yes(self.events.ingest_from_s3.value_as_string),
            assertions=[
                CfnRuleAssertion(
                    assert_=differs(self.application_type.value_as_string, FACE_COMPARISON),
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


def _detectors(known: catalogue.Catalogue) -> dict[str, list[str]]:
    """The detectors of each application that takes one, by the application's name."""
    return {
        name: choices
        for name, application in known.applications.items()
        if application.model_parameter == _DETECTOR and (choices := known.detectors(name))
    }


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
