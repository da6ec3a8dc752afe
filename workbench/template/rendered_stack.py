"""The stack as CloudFormation would create it, read from its rendered template.

What runs locally is read from here, so a laptop runs what an account would.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.template import parameters
from workbench.template.rendered_template import render_template

_API_HANDLER, _INGEST_HANDLER = "inference_api.handler.handler", "inference_api.ingest.handler"


@dataclass(frozen=True)
class RenderedFunction:
    """A Lambda function: the folder of its code, handler, environment and timeout in seconds."""

    name: str
    code: Path
    handler: str
    environment: Mapping[str, str]
    memory_mib: int
    timeout_seconds: int


@dataclass(frozen=True)
class RenderedMethod:
    """A method of the API: its path, HTTP method, integration and what it asks of callers, as rendered.

    Attributes:
        path: the path, with a slash at its beginning.
        http_method: such as ``POST``.
        integration: what answers.
        requires_key: whether callers send the API key.
        requires_signature: whether callers sign.
        models: by content type, the JSON schema that a body has to fit; a type without one is not looked at.
    """

    path: str
    http_method: str
    integration: Mapping[str, Any]
    requires_key: bool
    requires_signature: bool
    models: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class RenderedIngest:
    """What makes events of uploaded files.

    Attributes:
        function: what a batch of messages goes to.
        queue_name: the queue that S3 tells of uploads.
        dead_letter_queue_name: where messages end that failed too often.
        bucket_notifications: what S3 tells, in CloudFormation's words.
        batch_size: most messages of a batch.
        visibility_seconds: after this time a message that failed is seen again.
        attempts: after so many a message goes to the dead-letter queue.
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
    """Key prefixes under which an asynchronous endpoint writes, and how many requests it works on at once."""

    output: str
    failure: str
    concurrency: int


@dataclass(frozen=True)
class RenderedStack:
    """What the local run needs of the rendered template. Physical names stand for logical ones."""

    region: str
    function: RenderedFunction
    ingest: RenderedIngest | None
    model_environment: Mapping[str, str]
    model_data_url: str | None
    named_image: str | None
    endpoint_name: str
    async_queue: AsyncQueue | None
    bucket_name: str
    methods: tuple[RenderedMethod, ...]
    binary_media_types: frozenset[str]
    gateway_responses: Mapping[str, Mapping[str, Any]]

    @property
    def requires_key(self) -> bool:
        """Whether callers of the API send a key."""
        return any(method.requires_key for method in self.methods)


def render(template: Mapping[str, Any], given: Mapping[str, str], region: str) -> RenderedStack:
    """Renders the template for the parameters given.

    Raises:
        ParameterError: the template does not take them.
    """
    values = parameters.check(template, given)
    resources = render_template(template, values, region)["Resources"]
    names = _physical_names(resources)
    functions = _functions(resources, names)
    _, model = _only(resources, "AWS::SageMaker::Model")
    _, api = _only(resources, "AWS::ApiGateway::RestApi")
    return RenderedStack(
        region=region,
        function=functions[_API_HANDLER],
        ingest=_ingest(resources, names, functions[_INGEST_HANDLER]) if _INGEST_HANDLER in functions else None,
        model_environment=_named(model["Properties"]["PrimaryContainer"]["Environment"], names),
        model_data_url=model["Properties"]["PrimaryContainer"].get("ModelDataUrl"),
        # The images of the stack are its own program, which runs here without an image.
        named_image=values["containerImageUri"] or None,
        endpoint_name=names[_only(resources, "AWS::SageMaker::Endpoint")[0]],
        async_queue=_async_queue(_only(resources, "AWS::SageMaker::EndpointConfig")[1]["Properties"]),
        bucket_name=names[_events_bucket(resources)],
        methods=tuple(_methods(resources)),
        binary_media_types=frozenset(api["Properties"].get("BinaryMediaTypes", [])),
        gateway_responses={
            resource["Properties"]["ResponseType"]: resource["Properties"]
            for resource in resources.values()
            if resource["Type"] == "AWS::ApiGateway::GatewayResponse"
        },
    )


def _functions(resources: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, RenderedFunction]:
    """The functions by their handlers."""
    functions = [
        RenderedFunction(
            name=names[logical_id],
            code=Path(resource["Metadata"]["aws:asset:path"]),
            handler=resource["Properties"]["Handler"],
            environment=_named(resource["Properties"]["Environment"]["Variables"], names),
            memory_mib=int(resource["Properties"]["MemorySize"]),
            timeout_seconds=int(resource["Properties"]["Timeout"]),
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


def _async_queue(endpoint_config: Mapping[str, Any]) -> AsyncQueue | None:
    """What an asynchronous endpoint has for a queue; None for the other kinds. The one bucket is not read again."""
    rendered = endpoint_config.get("AsyncInferenceConfig")
    if rendered is None:
        return None
    output, failure = (
        urllib.parse.urlsplit(rendered["OutputConfig"][name]).path.lstrip("/")
        for name in ("S3OutputPath", "S3FailurePath")
    )
    return AsyncQueue(output, failure, int(rendered["ClientConfig"]["MaxConcurrentInvocationsPerInstance"]))


def _events_bucket(resources: Mapping[str, Any]) -> str:
    """The logical id of the events' bucket: the other one holds its access logs."""
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
    """Logical ids to names as CloudFormation could have made them: lower case, as buckets need."""
    return {logical_id: f"local-{logical_id.lower()}" for logical_id in resources}


def _named(environment: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The environment with references to resources (``ID`` or ``ID.Attribute``) replaced by their names."""
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
    """The schemas by content type, where the method has a validator that looks at bodies."""
    validator = resources.get(method.get("RequestValidatorId", ""))
    if validator is None or not validator["Properties"].get("ValidateRequestBody"):
        return {}
    return {
        content_type: resources[model]["Properties"]["Schema"]
        for content_type, model in (method.get("RequestModels") or {}).items()
    }
