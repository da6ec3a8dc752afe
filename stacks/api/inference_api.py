"""The REST API that cameras call."""

from __future__ import annotations

from typing import cast

from aws_cdk import Aws, CfnCondition, Duration
from aws_cdk.aws_apigateway import (
    CfnStage,
    EndpointType,
    LambdaIntegration,
    MethodLoggingLevel,
    Resource,
    RestApi,
    StageOptions,
)
from constructs import Construct

from stacks.api.authorization import ApiAuthorization
from stacks.api.deployments import ApiDeployments
from stacks.api.gateway_answers import answer_in_the_error_shape
from stacks.api.inference_function import InferenceFunction
from stacks.api.logs import ApiLogs
from stacks.api.request_models import RequestModels
from stacks.api.web_acl import WebAcl
from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.events.event_store import EventStore
from stacks.parameters.api import ApiParameters
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition

_STAGE = "prod"
# A browser asks once an hour, not before every frame.
_PREFLIGHT_HOLDS = Duration.hours(1)
# Headers that a page may send: the frame's, the key, and those of a signature.
_REQUEST_HEADERS = [
    *["Content-Type", "Prefer", "Idempotency-Key", "X-Camera-Id", "X-Request-Id", "X-Timestamp", "X-Api-Key"],
    *["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"],
]
# Bodies of these types reach the function as bytes; JSON stays text, as existing clients send it.
_BINARY_MEDIA_TYPES = [
    "image/jpeg",
    "image/jpg",
    "image/pjpeg",
    "image/png",
    "image/x-png",
    "image/webp",
    "image/bmp",
    "image/x-ms-bmp",
    "image/x-image",
    "application/x-image",
    "application/octet-stream",
    "application/x-npy",
]


class InferenceApi(Construct):
    """``POST /inference``, and ``GET /inference/{request_id}`` for answers that take longer.

    Attributes:
        function: the function behind it.
        log_group: the function's log.
        stage: the one stage of the API.
        uses_key: the condition that callers send an API key.
        key_id: the id of that key.
        url: base URL of the API, with a slash at its end.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        compares_faces: CfnCondition,
        endpoint: ModelEndpoint,
        events: EventStore,
        model_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        behind = InferenceFunction(
            self,
            parameters=parameters,
            partition=partition,
            endpoint=endpoint,
            events=events,
            model_name=model_name,
        )
        self.function = behind.function
        self.log_group = self.function.log_group
        calls_function = LambdaIntegration(behind.alias, proxy=True, allow_test_invoke=False)
        authorization = ApiAuthorization(self, "Authorization", parameters=parameters.api, partition=partition)
        api = self._rest_api(parameters.api)
        resource = api.root.add_resource("inference")
        post = resource.add_method("POST", calls_function)
        authorization.require(post)
        models = RequestModels(self, "Models", parameters=parameters, compares=compares_faces, api=api)
        models.require(post)
        _allow_preflights(resource, "POST")
        # Answers of an asynchronous endpoint are fetched here. The method exists for every kind of endpoint, because
        # deployments are snapshots of methods that depend on no parameter.
        answer = resource.add_resource("{request_id}")
        authorization.require(answer.add_method("GET", calls_function))
        _allow_preflights(answer, "GET")
        authorization.restrict(api)
        answer_in_the_error_shape(api, uses_iam=authorization.uses_iam, unfit_body=models.refusal)
        ApiDeployments(self, "Deployments", api=api, choices=[authorization.ways, models.kinds])
        self.uses_key = authorization.uses_key
        self.key_id = authorization.issue_key(api)
        self.url = api.url
        self.stage = api.deployment_stage
        ApiLogs(
            self,
            "Logs",
            parameters=parameters.api,
            retention_days=parameters.logs.retention_days,
            api=api,
            stage_name=_STAGE,
        )
        partition.trace_stage_where_available(cast(CfnStage, api.deployment_stage.node.default_child))
        WebAcl(self, "WebAcl", parameters=parameters.api, api=api)

    def _rest_api(self, parameters: ApiParameters) -> RestApi:
        api = RestApi(
            self,
            "Api",
            rest_api_name=Aws.STACK_NAME,
            description="AI for IP cameras: POST /inference",
            endpoint_types=[EndpointType.REGIONAL],
            binary_media_types=_BINARY_MEDIA_TYPES,
            cloud_watch_role=False,
            deploy_options=StageOptions(
                stage_name=_STAGE,
                throttling_rate_limit=parameters.throttle_rate.value_as_number,
                throttling_burst_limit=parameters.throttle_burst.value_as_number,
                logging_level=MethodLoggingLevel.OFF,
                data_trace_enabled=False,
                metrics_enabled=True,
            ),
        )
        api.node.try_remove_child("Endpoint")  # an output of the base URL; the stack has one of the whole URL
        return api


def _allow_preflights(resource: Resource, method: str) -> None:
    """Allow pages of any origin.

    A caller proves itself by a header that the page must know, never by a cookie that a browser adds.
    """
    resource.add_cors_preflight(
        allow_origins=["*"], allow_methods=[method], allow_headers=_REQUEST_HEADERS, max_age=_PREFLIGHT_HOLDS
    )
