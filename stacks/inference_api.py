"""The API that cameras call, and the function behind it."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import Aws, Duration, Fn, RemovalPolicy
from aws_cdk.aws_apigateway import (
    EndpointType,
    GatewayResponse,
    LambdaIntegration,
    MethodLoggingLevel,
    ResponseType,
    RestApi,
    StageOptions,
)
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_lambda import Architecture, Code, Function, Runtime
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from stacks.api_authorization import ApiAuthorization
from stacks.api_parameters import ApiParameters
from stacks.event_store import EventStore
from stacks.function_bundle import bundle
from stacks.model_endpoint import ModelEndpoint
from stacks.parameters import Parameters
from stacks.partition import Partition

_SOURCE_ROOT = Path(__file__).resolve().parent.parent / "lambda" / "inference"
# API Gateway gives an integration 29 s; the function ends before, so that its own error is what a client sees.
_FUNCTION_TIMEOUT = Duration.seconds(28)
# Bodies of these types reach the function as bytes; JSON stays text, as existing clients send it.
_REQUEST_HEADERS = [
    *["Content-Type", "X-Camera-Id", "X-Request-Id", "X-Timestamp", "X-Api-Key"],
    *["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"],
]
_BINARY_MEDIA_TYPES = [
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/webp",
    "image/bmp",
    "application/x-image",
    "application/octet-stream",
    "application/x-npy",
]


class InferenceApi(Construct):
    """``POST /inference``.

    Attributes:
        function: the function behind it.
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
        endpoint: ModelEndpoint,
        events: EventStore,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = LogGroup(
            self, "FunctionLogs", retention=RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        # A role of our own: the one that the CDK would make may write to every log group of the account.
        role = Role(self, "FunctionRole", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        endpoint.grant_invoke(role)
        events.grant_write(role)
        self.function = Function(
            self,
            "Function",
            description="Sends a camera's frame to the endpoint and keeps the event",
            runtime=Runtime.PYTHON_3_14,
            architecture=Architecture.X86_64,
            code=Code.from_asset(str(bundle(_SOURCE_ROOT))),
            handler="inference_api.handler.handler",
            role=role,
            log_group=log_group,
            memory_size=512,
            timeout=_FUNCTION_TIMEOUT,
            environment={
                "APPLICATION_TYPE": parameters.application_type.value_as_string,
                "ENDPOINT_NAME": endpoint.endpoint_name,
                "EVENTS_BUCKET": events.bucket.bucket_name,
                "SAVE_REQUEST_EVENTS": parameters.events.save_request_events.value_as_string,
                "POWERTOOLS_SERVICE_NAME": Aws.STACK_NAME,
                "POWERTOOLS_METRICS_NAMESPACE": "IpcAiSaas",
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )
        partition.trace_where_available(self.function, role)
        authorization = ApiAuthorization(self, "Authorization", parameters=parameters.api, partition=partition)
        api = self._rest_api(parameters.api)
        resource = api.root.add_resource("inference")
        authorization.require(
            resource.add_method("POST", LambdaIntegration(self.function, proxy=True, allow_test_invoke=False))
        )
        resource.add_cors_preflight(allow_origins=["*"], allow_methods=["POST"], allow_headers=_REQUEST_HEADERS)
        authorization.restrict(api)
        _answer_in_the_error_shape(api, uses_iam=authorization.uses_iam.logical_id)
        authorization.deploy(api)
        self.uses_key = authorization.uses_key
        self.key_id = authorization.issue_key(api)
        self.url = api.url

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
                stage_name="prod",
                throttling_rate_limit=parameters.throttle_rate.value_as_number,
                throttling_burst_limit=parameters.throttle_burst.value_as_number,
                logging_level=MethodLoggingLevel.OFF,
                metrics_enabled=True,
            ),
        )
        api.node.try_remove_child("Endpoint")  # an output of the base URL, beside the stack's own of the whole one
        return api


def _answer_in_the_error_shape(api: RestApi, *, uses_iam: str) -> None:
    """Gives API Gateway's own answers the product's error shape, and an unknown path its true status.

    Args:
        api: the API.
        uses_iam: the condition that requests are signed. Then API Gateway cannot tell an unknown path from a request
            without a signature.
    """

    def if_signed(signed: str, otherwise: str) -> str:
        return Fn.condition_if(uses_iam, signed, otherwise).to_string()

    answers: dict[str, tuple[ResponseType, str | None, str, str]] = {
        "UnknownPath": (
            ResponseType.MISSING_AUTHENTICATION_TOKEN,
            if_signed("403", "404"),
            if_signed("NotSigned", "NotFound"),
            if_signed(
                '"sign the request with AWS Signature 4, or there is nothing here; send POST /inference"',
                '"there is nothing here; send POST /inference"',
            ),
        ),
        "NoKey": (
            ResponseType.INVALID_API_KEY,
            "403",
            "InvalidApiKey",
            '"send a valid API key in the header x-api-key"',
        ),
        "TooLarge": (
            ResponseType.REQUEST_TOO_LARGE,
            "413",
            "PayloadTooLarge",
            '"the body is too large; send a smaller frame"',
        ),
        "Timeout": (
            ResponseType.INTEGRATION_TIMEOUT,
            "504",
            "Timeout",
            '"the service did not answer in time; send the frame again"',
        ),
        # messageString is the message with its quotes, safe inside JSON.
        "ClientErrors": (
            ResponseType.DEFAULT_4_XX,
            None,
            "$context.error.responseType",
            "$context.error.messageString",
        ),
        "ServerErrors": (
            ResponseType.DEFAULT_5_XX,
            None,
            "$context.error.responseType",
            '"the service failed; try again"',
        ),
    }
    for name, (kind, status, code, message) in answers.items():
        GatewayResponse(
            api,
            name,
            rest_api=api,
            type=kind,
            status_code=status,
            response_headers={"Access-Control-Allow-Origin": "'*'"},
            templates={
                "application/json": (
                    f'{{"error": {{"code": "{code}", "message": {message}, "request_id": "$context.requestId"}}}}'
                )
            },
        )
