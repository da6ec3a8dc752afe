"""The REST API that cameras call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, Duration
from aws_cdk.aws_apigateway import (
    AwsIntegration,
    CfnMethod,
    CfnStage,
    EndpointType,
    Integration,
    IResource,
    MethodLoggingLevel,
    RestApi,
    StageOptions,
)
from aws_cdk.aws_lambda import CfnPermission, IFunction
from constructs import Construct

from stacks.access.authorization_ways import AuthorizationWays
from stacks.api.authorization import ApiAuthorization
from stacks.api.deployments import ApiDeployments
from stacks.api.gateway_answers import answer_in_the_error_shape
from stacks.api.inference_function import InferenceFunction
from stacks.api.logs import ApiLogs
from stacks.api.web_acl import WebAcl
from stacks.checks.acknowledgements import acknowledge
from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.events.event_store import EventStore
from stacks.ingest.s3_front_end import S3FrontEnd
from stacks.parameters.api import ApiParameters
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.registry.camera_registry import CameraRegistry

_STAGE = "prod"
# A browser asks once an hour, not before every frame.
_PREFLIGHT_HOLDS = Duration.hours(1)
# Headers that a page may send: the frame's, the key, and those of a signature.
_REQUEST_HEADERS = [
    *["Content-Type", "Prefer", "Idempotency-Key", "X-Camera-Id", "X-Request-Id", "X-Timestamp", "X-Api-Key"],
    *["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"],
]
# Every body reaches the function as it was sent: cameras name types that are none of their body's.
_BINARY_MEDIA_TYPES = ["*/*"]
_PUSHING = ("GET", "POST", "PUT")
"""The methods by which cameras push; tests and heartbeats are GET."""


class InferenceApi(Construct):
    """``POST /inference``, ``GET /inference/{request_id}`` for answers that take longer, and pushes of cameras.

    Cameras push to ``/push`` and below it. Some call the root of the host, or paths of their own choice; the function
    tells what is a push.

    Attributes:
        function: the function behind it.
        log_group: the function's log.
        stage: the one stage of the API.
        key_id: the id of the API key, where callers send one.
        url: base URL of the API, with a slash at its end.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        ways: AuthorizationWays,
        registry: CameraRegistry,
        front_end: S3FrontEnd,
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
            registry=registry.tables,
            front_end=front_end,
            model_name=model_name,
        )
        self.function = behind.function
        self.log_group = self.function.log_group
        api = self._rest_api(parameters.api)
        authorization = ApiAuthorization(
            self, "Authorization", parameters=parameters.api, ways=ways, api=api, authorizer=registry.authorizer
        )
        self._add_methods(api, behind.alias, authorization)
        authorization.restrict()
        answer_in_the_error_shape(api, uses_iam=ways.uses_iam, uses_credentials=ways.uses_credentials)
        ApiDeployments(self, "Deployments", api=api, ways=ways.all)
        self.key_id = authorization.issue_key()
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

    def _add_methods(self, api: RestApi, function: IFunction, authorization: ApiAuthorization) -> None:
        """Add all methods, for every value of every parameter: deployments are snapshots of methods."""
        calls_function = self._calls(function, api)
        inference, push = api.root.add_resource("inference"), api.root.add_resource("push")
        answer = inference.add_resource("{request_id}")
        below_push, elsewhere = push.add_resource("{proxy+}"), api.root.add_resource("{proxy+}")
        called: dict[IResource, Sequence[str]] = {
            inference: ["POST"],
            answer: ["GET"],
            push: _PUSHING,
            below_push: _PUSHING,
            api.root: _PUSHING,
            elsewhere: _PUSHING,
        }
        for resource, methods in called.items():
            for method in methods:
                authorization.require(resource.add_method(method, calls_function))
        # Pages call what is documented; paths of cameras' own choice are no page's.
        for resource in (inference, answer, push, below_push):
            _allow_preflights(resource, called[resource])

    def _calls(self, function: IFunction, api: RestApi) -> Integration:
        """The integration of all methods, with one permission for all: a function's policy has room for 20 kB."""
        CfnPermission(
            self,
            "CallPermission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=api.arn_for_execute_api(stage=_STAGE),
        )
        return AwsIntegration(
            service="lambda", proxy=True, path=f"2015-03-31/functions/{function.function_arn}/invocations"
        )

    def _rest_api(self, parameters: ApiParameters) -> RestApi:
        api = RestApi(
            self,
            "Api",
            rest_api_name=Aws.STACK_NAME,
            description="AI for IP cameras: POST /inference, or push",
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
        acknowledge(
            api,
            {
                "AwsSolutions-APIG2": (
                    "Bodies are binary, whatever they are, and its models look at text; the function checks all"
                )
            },
        )
        api.node.try_remove_child("Endpoint")  # an output of the base URL; the stack has one of the whole URL
        return api


def _allow_preflights(resource: IResource, methods: Sequence[str]) -> None:
    """Allow pages of any origin.

    A caller proves itself by a header that the page must know, never by a cookie that a browser adds. API Gateway takes
    a preflight's body for binary, as it takes all, and answers 500 unless it is told to make it text.
    https://github.com/aws/chalice/issues/1310
    """
    preflight = resource.add_cors_preflight(
        allow_origins=["*"], allow_methods=list(methods), allow_headers=_REQUEST_HEADERS, max_age=_PREFLIGHT_HOLDS
    )
    method = cast(CfnMethod, preflight.node.default_child)
    for part in ("Integration", "Integration.IntegrationResponses.0"):
        method.add_property_override(f"{part}.ContentHandling", "CONVERT_TO_TEXT")
