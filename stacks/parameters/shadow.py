"""Choices of the shadow variant, which tries a candidate on a copy of live requests."""

from __future__ import annotations

from aws_cdk import CfnParameter, ICfnConditionExpression, Stack

import ipc_ai_catalogue as catalogue
from stacks.conditions import all_of, any_of, equals, is_given_in_rules, is_one_of, negation
from stacks.parameters.capacity import CapacityParameters
from stacks.parameters.endpoint import REAL_TIME, EndpointParameters
from stacks.parameters.instance_types import FIRST_INFERENTIA
from stacks.parameters.kinds import text
from stacks.parameters.models import MODEL_DATA_URL, MODEL_NAME, ModelParameters, require

_NAME = "shadowModelName"


class ShadowParameters:
    """The parameters of the shadow variant.

    Attributes:
        model_name: the model, or pair of models, that gets a copy of live requests; empty for no shadow.
        percentage: per cent of the requests that it gets.
        model_data_url: S3 URI of its model.tar.gz; empty for that of the live model.
    """

    def __init__(self, stack: Stack) -> None:
        self.model_name = text(
            stack,
            _NAME,
            "Candidate that gets a copy of live requests on an instance of its own, and whose answers no camera gets; "
            "empty for none",
            pattern=rf"({MODEL_NAME}(\+{MODEL_NAME})?)?",
            takes="the name of a model, of a comparison the names of a detector and an embedder with + between, or "
            "empty",
        )
        self.percentage = text(
            stack,
            "shadowPercentage",
            f"Per cent of the requests that {_NAME} gets; one instance has to keep up with them",
            pattern="[1-9][0-9]?|100",
            takes="a whole number from 1 to 100",
            default="10",
        )
        self.model_data_url = text(
            stack,
            "shadowModelDataUrl",
            f"model.tar.gz of {_NAME}; empty for the live model's, and for a model of the image",
            pattern=MODEL_DATA_URL,
            takes="s3://BUCKET/KEY of a model.tar.gz, or empty",
        )

    @property
    def all(self) -> list[CfnParameter]:
        """All parameters, in the order of the console."""
        return [self.model_name, self.percentage, self.model_data_url]

    def require_fit(
        self, stack: Stack, *, models: ModelParameters, endpoint: EndpointParameters, capacity: CapacityParameters
    ) -> None:
        """Refuse, before anything is created, a shadow that SageMaker does not have or that nothing serves.

        https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests-exclusions.html
        """
        is_shadowed = is_given_in_rules(self.model_name.value_as_string)
        require(
            stack,
            "ShadowEndpoint",
            equals(endpoint.endpoint_type.value_as_string, REAL_TIME),
            f"{_NAME} needs endpointType=real-time; leave it empty for the other types",
            condition=is_shadowed,
        )
        require(
            stack,
            "ShadowInstance",
            negation(is_one_of(capacity.deploy_instance_type.value_as_string, FIRST_INFERENTIA)),
            f"{_NAME} needs an instance type other than ml.inf1, for which SageMaker has no shadows; change "
            "deployInstanceType, or leave it empty",
            condition=is_shadowed,
        )
        require(
            stack,
            "ShadowModelData",
            is_shadowed,
            f"shadowModelDataUrl needs {_NAME}, the name of the model in it; give both, or leave it empty",
            condition=is_given_in_rules(self.model_data_url.value_as_string),
        )
        self._require_model(stack, models, is_shadowed)

    def _require_model(self, stack: Stack, models: ModelParameters, is_shadowed: ICfnConditionExpression) -> None:
        """Refuse a name that the application does not have, unless an archive or image of the operator's own has it."""
        known = catalogue.load()
        for name in known.applications:
            if choices := known.model_choices(name):
                require(
                    stack,
                    f"{name.title().replace('-', '')}Shadow",
                    any_of(
                        is_one_of(self.model_name.value_as_string, choices),
                        is_given_in_rules(self.model_data_url.value_as_string),
                        *models.own_ways(),
                    ),
                    f"applicationType={name} takes one of these as {_NAME}: {', '.join(choices)}; a name of your own "
                    "takes shadowModelDataUrl=s3://BUCKET/KEY of a model.tar.gz with it",
                    condition=all_of(is_shadowed, equals(models.application_type.value_as_string, name)),
                )
