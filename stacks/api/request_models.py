"""Models by which API Gateway refuses requests before it calls the function, by kind of application.

The function still checks everything, because JSON of other content types is not validated here.
"""

from __future__ import annotations

from typing import Any, cast

from aws_cdk import CfnCondition
from aws_cdk.aws_apigateway import CfnMethod, CfnModel, CfnRequestValidator, Method, RestApi
from constructs import Construct

from ipc_ai_catalogue import CUSTOM
from stacks.api.request_schemas import COMPARISON, COMPARISON_REFUSAL, DETECTION, DETECTION_REFUSAL
from stacks.conditions import any_of, equals, negation, value_if
from stacks.parameters.stack_parameters import Parameters


class RequestModels(Construct):
    """The models, and which of them holds.

    Attributes:
        kinds: by name, the condition that the service is of this kind: a detection, a comparison, or custom, whose
            requests only the user's own program understands.
        refusal: message for JSON that does not fit.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        compares: CfnCondition,
        api: RestApi,
    ) -> None:
        """Make the models.

        Args:
            scope: where they belong.
            construct_id: their id.
            parameters: the operator's choices.
            compares: the condition that the service compares faces.
            api: the API.
        """
        super().__init__(scope, construct_id)
        chosen = parameters.models.application_type.value_as_string
        other = any_of(compares, equals(chosen, CUSTOM))
        detects = CfnCondition(self, "Detects", expression=negation(other))
        neither = any_of(compares, detects)
        is_custom = CfnCondition(self, "IsCustom", expression=negation(neither))
        self.kinds = {"Detection": detects, "Comparison": compares, "Custom": is_custom}
        self.refusal = value_if(compares, COMPARISON_REFUSAL, DETECTION_REFUSAL).to_string()
        self._compares, self._detects = compares, detects
        self._detection = _model(self, "DetectionRequest", api=api, schema=DETECTION)
        self._comparison = _model(self, "ComparisonRequest", api=api, schema=COMPARISON)
        self._validator = CfnRequestValidator(
            self,
            "Validator",
            rest_api_id=api.rest_api_id,
            validate_request_body=True,
            validate_request_parameters=True,
        )

    def require(self, method: Method) -> None:
        """Validate the JSON that a method takes. Bodies of other content types pass."""
        resource = cast(CfnMethod, method.node.default_child)
        resource.request_validator_id = self._validator.ref
        models = value_if(
            self._detects,
            {"application/json": self._detection.ref},
            value_if(self._compares, {"application/json": self._comparison.ref}),
        )
        resource.add_property_override("RequestModels", models)


def _model(scope: Construct, construct_id: str, *, api: RestApi, schema: dict[str, Any]) -> CfnModel:
    model = CfnModel(scope, construct_id, rest_api_id=api.rest_api_id, content_type="application/json", schema=schema)
    # A deployment keeps the model as it was then, so a changed model needs a new deployment.
    assert api.latest_deployment is not None
    api.latest_deployment.add_to_logical_id({construct_id: schema})
    return model
