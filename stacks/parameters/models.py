"""Choices of application, model and container, and the rules that they fit together."""

from __future__ import annotations

from aws_cdk import CfnCondition, CfnParameter, CfnRule, CfnRuleAssertion, ICfnConditionExpression, Stack
from constructs import Construct

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON
from stacks.conditions import all_of, any_of, equals, is_given, is_one_of, negation, value_if
from stacks.parameters import image_uri, instance_type_names, instance_types
from stacks.parameters.kinds import choice, text

MODEL_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
"""The form of a model's name."""
MODEL_DATA_URL = "(s3://[a-z0-9][a-z0-9.-]+/.+)?"
"""The form of a model.tar.gz's URI, or empty."""
_DETECTOR, _PAIR = "detectorModelName", "faceDetectAndCompareModelName"
_WAYS = (
    "a name of your own takes a model of your own with it: modelDataUrl=s3://BUCKET/KEY of a model.tar.gz, "
    "containerImageUri=IMAGE, or --context customizedApplication=FOLDER"
)


class ModelParameters:
    """The parameters of application, model and container.

    Attributes:
        application_type: the service.
        detector_model_name: the model of a detection or of a custom application.
        face_detect_and_compare_model_name: the pair of models of a comparison.
        model_data_url: S3 URI of a model.tar.gz; or empty.
        container_image_uri: image of the operator's own in ECR; or empty.
        container_request_format: whether the container gets images, or the older JSON with images in base64.
        container_short_size: ``short_size`` in that JSON; empty for the model's own.
    """

    def __init__(self, stack: Stack, *, has_customized_image: bool) -> None:
        """Add the parameters to the stack.

        Args:
            stack: the stack.
            has_customized_image: whether an image with an application of the operator's own is built.
        """
        self._known = catalogue.load()
        self._has_customized_image = has_customized_image
        applications = sorted(self._known.applications.values(), key=lambda application: not application.default)
        self.application_type = choice(
            stack, "applicationType", [application.name for application in applications], "What the service does"
        )
        self.detector_model_name = text(
            stack,
            _DETECTOR,
            f"Detector or classifier; used unless applicationType is {FACE_COMPARISON}; for {CUSTOM} and a model of "
            "your own any name, which the container finds as MODEL_NAME in its environment",
            pattern=MODEL_NAME,
            takes="a name of letters, digits, '.', '_' and '-', at most 63, that begins with a letter or digit",
            default=self._known.detectors()[0],
        )
        self.face_detect_and_compare_model_name = text(
            stack,
            _PAIR,
            f"Face detector + face embedder; used when applicationType is {FACE_COMPARISON}; with modelDataUrl the "
            "names of both models in it, with an image of your own any name",
            pattern=rf"{MODEL_NAME}(\+{MODEL_NAME})?",
            takes="the names of a detector and an embedder with + between, each of letters, digits, '.', '_' and '-' "
            "and at most 63",
            default=self._known.model_choices(FACE_COMPARISON)[0],
        )
        self.model_data_url = text(
            stack,
            "modelDataUrl",
            f"model.tar.gz with weights and, for applicationType={CUSTOM}, code/inference.py; or empty",
            pattern=MODEL_DATA_URL,
            takes="s3://BUCKET/KEY of a model.tar.gz, or empty",
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
        self.container_request_format = choice(
            stack,
            "containerRequestFormat",
            ["image", "json"],
            "What the container gets: image, or for containers of earlier guides json, image_bytes in base64 with "
            "short_size; whatever the camera sent",
        )
        self.container_short_size = text(
            stack,
            "containerShortSize",
            "short_size when containerRequestFormat is json; empty for the catalogue's size of the model, and "
            f"{self._default_size} for a name of your own",
            pattern="(3[2-9]|[4-9][0-9]|[1-9][0-9]{2}|1[0-9]{3}|20[0-3][0-9]|204[0-8])?",
            takes="a whole number of pixels from 32 to 2048, or empty",
        )

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [
            self.application_type,
            self.detector_model_name,
            self.face_detect_and_compare_model_name,
            self.model_data_url,
            self.container_image_uri,
            self.container_request_format,
            self.container_short_size,
        ]

    def chosen_model(self, compares_faces: CfnCondition) -> str:
        """The model name that counts for the chosen application."""
        return value_if(compares_faces, self._pair, self._detector).to_string()

    def reported_model(self, scope: Construct, chosen: str) -> str:
        """The name in metrics: the chosen model, and ``custom`` for a program that was given none."""
        is_nameless = CfnCondition(
            scope,
            "NamelessProgram",
            expression=all_of(self._is(CUSTOM), equals(self._detector, self._known.detectors()[0])),
        )
        return value_if(is_nameless, CUSTOM, chosen).to_string()

    def names_own_model(self) -> ICfnConditionExpression:
        """The application is custom, or has a model that the catalogue does not have for it."""
        of_catalogue = [
            all_of(self._is(name), any_of(*(equals(self._detector, known) for known in choices)))
            for name, choices in self._detectors.items()
        ]
        pairs = any_of(*(equals(self._pair, known) for known in self._known.model_choices(FACE_COMPARISON)))
        return negation(any_of(*of_catalogue, all_of(self._is(FACE_COMPARISON), pairs)))

    @property
    def short_sizes(self) -> dict[str, int]:
        """``short_size`` of the older JSON by detector, where it is not the default one's, which has the empty name."""
        sizes = {name: self._known.model(name).input.size for name in self._known.detectors()}
        return {"": self._default_size} | {name: size for name, size in sizes.items() if size != self._default_size}

    def require_fit(self, stack: Stack, *, deploy_instance_type: CfnParameter) -> None:
        """Refuse, before anything is created, models that nothing serves."""
        require(
            stack,
            "ContainerShortSize",
            equals(self.container_request_format.value_as_string, "json"),
            "containerShortSize needs containerRequestFormat=json; leave it empty for containers that get the image",
            condition=is_given(self.container_short_size.value_as_string),
        )
        require(
            stack,
            "OtherProcessors",
            is_given(self.container_image_uri.value_as_string),
            f"deployInstanceType is a type with Graviton, Inferentia or Trainium, which the images built here do not "
            f"run on; name an image for it with containerImageUri, or take for example {instance_type_names.DEFAULT}",
            condition=is_one_of(deploy_instance_type.value_as_string, instance_types.OTHER_IMAGES),
        )
        if self._has_customized_image:
            return
        require(
            stack,
            "CustomModelData",
            any_of(*self._archive_or_image()),
            f"applicationType={CUSTOM} needs modelDataUrl, s3://BUCKET/KEY of a model.tar.gz with "
            "code/inference.py, or containerImageUri, or --context customizedApplication=FOLDER",
            condition=self._is(CUSTOM),
        )
        for name, choices in self._detectors.items():
            require(
                stack,
                f"{name.title().replace('-', '')}Model",
                any_of(is_one_of(self._detector, choices), *self._archive_or_image()),
                f"applicationType={name} takes one of these as {_DETECTOR}: {', '.join(choices)}; {_WAYS}",
                condition=self._is(name),
            )
        pairs = self._known.model_choices(FACE_COMPARISON)
        require(
            stack,
            "FaceComparisonModel",
            any_of(is_one_of(self._pair, pairs), *self._archive_or_image()),
            f"{_PAIR} takes one of: {', '.join(pairs)}; {_WAYS}",
        )

    def own_ways(self) -> list[ICfnConditionExpression]:
        """The ways in which the live model's archive or image may have a model that the catalogue does not have."""
        ways = self._archive_or_image()
        return [*ways, self.names_own_model()] if self._has_customized_image else ways

    def _archive_or_image(self) -> list[ICfnConditionExpression]:
        return [is_given(parameter.value_as_string) for parameter in (self.model_data_url, self.container_image_uri)]

    @property
    def _detectors(self) -> dict[str, list[str]]:
        """The catalogue's detectors, or classifiers, of each built-in application that takes one, by its name."""
        return {
            name: self._known.detectors(name)
            for name, application in self._known.applications.items()
            if application.model_parameter == _DETECTOR and name != CUSTOM
        }

    @property
    def _default_size(self) -> int:
        return self._known.model(self._known.detectors()[0]).input.size

    @property
    def _detector(self) -> str:
        return self.detector_model_name.value_as_string

    @property
    def _pair(self) -> str:
        return self.face_detect_and_compare_model_name.value_as_string

    def _is(self, application: str) -> ICfnConditionExpression:
        return equals(self.application_type.value_as_string, application)


def require(
    stack: Stack,
    name: str,
    assertion: ICfnConditionExpression,
    description: str,
    *,
    condition: ICfnConditionExpression | None = None,
) -> None:
    """Add a rule of one assertion, for when a condition holds."""
    CfnRule(
        stack,
        name,
        rule_condition=condition,
        assertions=[CfnRuleAssertion(assert_=assertion, assert_description=description)],
    )
