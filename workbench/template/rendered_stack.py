"""Stack as CloudFormation would create it, read from its rendered template, for the local run."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.template import parameters
from workbench.template.rendered_stage import RenderedStage, rendered_stage
from workbench.template.rendered_template import render_template

_API_HANDLER, _INGEST_HANDLER = "inference_api.handler.handler", "inference_api.ingest.handler"
_COMPLETION_HANDLER = "inference_api.completion.handler"


@dataclass(frozen=True)
class RenderedFunction:
    """Lambda function. Memory is in MiB, the timeout in seconds; no reserved concurrency is None."""

    name: str
    code: Path
    handler: str
    environment: Mapping[str, str]
    memory_mib: int
    timeout_seconds: int
    reserved_concurrency: int | None = None


@dataclass(frozen=True)
class RenderedMethod:
    """Method of the API: its path, HTTP method, integration and requirements for callers, as rendered.

    Attributes:
        path: the path, with a slash at its beginning.
        http_method: such as ``POST``.
        integration: the integration that answers.
        requires_key: whether callers send the API key.
        requires_signature: whether callers sign.
        models: JSON schema of the body by content type; bodies of other types are not checked.
    """

    path: str
    http_method: str
    integration: Mapping[str, Any]
    requires_key: bool
    requires_signature: bool
    models: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class RenderedIngest:
    """Front end that makes events of uploaded files.

    Attributes:
        function: the function that takes a batch of messages.
        queue_name: the queue for S3's notifications of uploads.
        dead_letter_queue_name: the queue for messages that failed too often.
        bucket_notifications: the bucket's notification configuration, in CloudFormation's form.
        batch_size: largest number of messages in a batch.
        visibility_seconds: visibility timeout, after which a failed message is received again.
        attempts: number of receptions after which a message is dead-lettered.
    """

    function: RenderedFunction
    queue_name: str
    dead_letter_queue_name: str
    bucket_notifications: Mapping[str, Any]
    batch_size: int
    visibility_seconds: int
    attempts: int


@dataclass(frozen=True)
class AsyncQueue:
    """Key prefixes under which an asynchronous endpoint writes, and the number of its concurrent requests."""

    output: str
    failure: str
    concurrency: int


@dataclass(frozen=True)
class RenderedStack:
    """Parts of the rendered template that the local run needs, with physical names in place of logical ids."""

    region: str
    function: RenderedFunction
    ingest: RenderedIngest | None
    completion: RenderedFunction | None
    model_environment: Mapping[str, str]
    model_data_url: str | None
    named_image: str | None
    endpoint_name: str
    shadow_model: str | None
    is_serverless: bool
    async_queue: AsyncQueue | None
    bucket_name: str
    stage: RenderedStage
    methods: tuple[RenderedMethod, ...]
    binary_media_types: frozenset[str]
    gateway_responses: Mapping[str, Mapping[str, Any]]

    @property
    def requires_key(self) -> bool:
        """Return whether callers of the API send a key."""
        return any(method.requires_key for method in self.methods)


def render(template: Mapping[str, Any], given: Mapping[str, str], region: str) -> RenderedStack:
    """Render the template for the parameters given.

    Raises:
        ParameterError: the template does not take them.
    """
    values = parameters.check(template, given)
    resources = render_template(template, values, region)["Resources"]
    names = _physical_names(resources)
    functions = _functions(resources, names)
    _, api = _only(resources, "AWS::ApiGateway::RestApi")
    endpoint_config = _only(resources, "AWS::SageMaker::EndpointConfig")[1]["Properties"]
    container = _container(resources, endpoint_config["ProductionVariants"][0])
    return RenderedStack(
        region=region,
        function=functions[_API_HANDLER],
        ingest=_ingest(resources, names, functions[_INGEST_HANDLER]) if _INGEST_HANDLER in functions else None,
        completion=functions.get(_COMPLETION_HANDLER),
        model_environment=_named(container["Environment"], names),
        model_data_url=container.get("ModelDataUrl"),
        # The stack's own images hold the serving program, which runs here without an image.
        named_image=values["containerImageUri"] or None,
        endpoint_name=names[_only(resources, "AWS::SageMaker::Endpoint")[0]],
        shadow_model=values["shadowModelName"] or None,
        is_serverless="ServerlessConfig" in endpoint_config["ProductionVariants"][0],
        async_queue=_async_queue(endpoint_config),
        bucket_name=names[_events_bucket(resources)],
        stage=rendered_stage(resources),
        methods=tuple(_methods(resources)),
        binary_media_types=frozenset(api["Properties"].get("BinaryMediaTypes", [])),
        gateway_responses={
            resource["Properties"]["ResponseType"]: resource["Properties"]
            for resource in resources.values()
            if resource["Type"] == "AWS::ApiGateway::GatewayResponse"
        },
    )


def _functions(resources: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, RenderedFunction]:
    """Functions by their handlers."""
    functions = [
        RenderedFunction(
            name=names[logical_id],
            code=Path(resource["Metadata"]["aws:asset:path"]),
            handler=resource["Properties"]["Handler"],
            environment=_named(resource["Properties"]["Environment"]["Variables"], names),
            memory_mib=int(resource["Properties"]["MemorySize"]),
            timeout_seconds=int(resource["Properties"]["Timeout"]),
            reserved_concurrency=int(resource["Properties"].get("ReservedConcurrentExecutions") or 0) or None,
        )
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    return {function.handler: function for function in functions}


def _ingest(resources: Mapping[str, Any], names: Mapping[str, str], function: RenderedFunction) -> RenderedIngest:
    _, source = _only(resources, "AWS::Lambda::EventSourceMapping")
    bucket = resources[_events_bucket(resources)]
    queue_id = source["Properties"]["EventSourceArn"].split(".")[0]
    queue = resources[queue_id]["Properties"]
    return RenderedIngest(
        function=function,
        queue_name=names[queue_id],
        dead_letter_queue_name=names[queue["RedrivePolicy"]["deadLetterTargetArn"].split(".")[0]],
        bucket_notifications=bucket["Properties"]["NotificationConfiguration"],
        batch_size=int(source["Properties"]["BatchSize"]),
        visibility_seconds=int(queue["VisibilityTimeout"]),
        attempts=int(queue["RedrivePolicy"]["maxReceiveCount"]),
    )


def _container(resources: Mapping[str, Any], variant: Mapping[str, Any]) -> dict[str, Any]:
    """Container of the model that a variant serves."""
    container: dict[str, Any] = resources[variant["ModelName"].split(".")[0]]["Properties"]["PrimaryContainer"]
    return container


def _async_queue(endpoint_config: Mapping[str, Any]) -> AsyncQueue | None:
    """Output prefixes and concurrency of an asynchronous endpoint; None for the other kinds.

    The bucket in the paths is left out, because it is the events' bucket.
    """
    rendered = endpoint_config.get("AsyncInferenceConfig")
    if rendered is None:
        return None
    output, failure = (
        urllib.parse.urlsplit(rendered["OutputConfig"][name]).path.lstrip("/")
        for name in ("S3OutputPath", "S3FailurePath")
    )
    return AsyncQueue(output, failure, int(rendered["ClientConfig"]["MaxConcurrentInvocationsPerInstance"]))


def _events_bucket(resources: Mapping[str, Any]) -> str:
    """Logical id of the events' bucket; the other bucket holds its access logs."""
    ((logical_id),) = (
        logical_id
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::S3::Bucket" and "LoggingConfiguration" in resource["Properties"]
    )
    return str(logical_id)


def _only(resources: Mapping[str, Any], kind: str) -> tuple[str, dict[str, Any]]:
    ((logical_id, resource),) = (
        (logical_id, resource) for logical_id, resource in resources.items() if resource["Type"] == kind
    )
    return logical_id, resource


def _physical_names(resources: Mapping[str, Any]) -> dict[str, str]:
    """Possible physical names by logical id, in lower case, because buckets require it."""
    return {logical_id: f"local-{logical_id.lower()}" for logical_id in resources}


def _named(environment: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Replace references to resources (``ID`` or ``ID.Attribute``) in an environment by their names."""
    return {key: names.get(str(value).split(".")[0], str(value)) for key, value in environment.items()}


def _methods(resources: Mapping[str, Any]) -> list[RenderedMethod]:
    def path(resource_id: str) -> str:
        resource = resources.get(resource_id)
        if resource is None or resource["Type"] != "AWS::ApiGateway::Resource":
            return ""
        properties = resource["Properties"]
        return f"{path(properties['ParentId'])}/{properties['PathPart']}"

    return [
        RenderedMethod(
            path(resource["Properties"]["ResourceId"]) or "/",
            resource["Properties"]["HttpMethod"],
            resource["Properties"]["Integration"],
            requires_key=bool(resource["Properties"].get("ApiKeyRequired")),
            requires_signature=resource["Properties"].get("AuthorizationType") == "AWS_IAM",
            models=_models(resource["Properties"], resources),
        )
        for resource in resources.values()
        if resource["Type"] == "AWS::ApiGateway::Method"
    ]


def _models(method: Mapping[str, Any], resources: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Schemas by content type, where the method has a validator of bodies."""
    validator = resources.get(method.get("RequestValidatorId", ""))
    if validator is None or not validator["Properties"].get("ValidateRequestBody"):
        return {}
    return {
        content_type: resources[model]["Properties"]["Schema"]
        for content_type, model in (method.get("RequestModels") or {}).items()
    }
