"""Stack as CloudFormation would create it, read from its rendered template, for the local run."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.template import parameters
from workbench.template.rendered_api import RenderedMethod, rendered_methods
from workbench.template.rendered_function import RenderedFunction, rendered_functions
from workbench.template.rendered_ingest import RenderedIngest, rendered_ingest
from workbench.template.rendered_resources import events_bucket, named, of_kind, only, physical_names
from workbench.template.rendered_stage import RenderedStage, rendered_stage
from workbench.template.rendered_tables import RenderedTable, rendered_tables
from workbench.template.rendered_template import render_template

_API_HANDLER, _INGEST_HANDLER = "inference_api.handler.handler", "inference_api.ingest.handler"
_COMPLETION_HANDLER = "inference_api.completion.handler"
_AUTHORIZER_HANDLER, _WATCH_HANDLER = "inference_api.identity.authorizer.handler", "inference_api.watch.handler"


@dataclass(frozen=True)
class AsyncQueue:
    """Key prefixes under which an asynchronous endpoint writes, and the number of its concurrent requests."""

    output: str
    failure: str
    concurrency: int


@dataclass(frozen=True)
class RenderedStack:
    """Parts of the rendered template that the local run needs, with physical names in place of logical ids.

    A function, queue or name that the parameters do not ask for is None.
    """

    region: str
    function: RenderedFunction
    ingest: RenderedIngest | None
    completion: RenderedFunction | None
    authorizer: RenderedFunction | None
    watch: RenderedFunction | None
    model_environment: Mapping[str, str]
    model_data_url: str | None
    named_image: str | None
    endpoint_name: str
    shadow_model: str | None
    is_serverless: bool
    async_queue: AsyncQueue | None
    bucket_name: str
    tables: tuple[RenderedTable, ...]
    stage: RenderedStage
    methods: tuple[RenderedMethod, ...]
    gateway_responses: Mapping[str, Mapping[str, Any]]

    @property
    def requires_key(self) -> bool:
        """Return whether callers of the API send a key."""
        return any(method.requires_key for method in self.methods)

    @property
    def requires_signature(self) -> bool:
        """Return whether callers of the API sign."""
        return any(method.authorization == "AWS_IAM" for method in self.methods)


def render(template: Mapping[str, Any], given: Mapping[str, str], region: str) -> RenderedStack:
    """Render the template for the parameters given.

    Raises:
        ParameterError: the template does not take them.
    """
    values = parameters.check(template, given)
    resources = render_template(template, values, region)["Resources"]
    names = physical_names(resources)
    functions = rendered_functions(resources, names)
    _, endpoint_config = only(resources, "AWS::SageMaker::EndpointConfig")
    container = _container(resources, endpoint_config["ProductionVariants"][0])
    return RenderedStack(
        region=region,
        function=functions[_API_HANDLER],
        ingest=rendered_ingest(resources, names, functions[_INGEST_HANDLER]) if _INGEST_HANDLER in functions else None,
        completion=functions.get(_COMPLETION_HANDLER),
        authorizer=functions.get(_AUTHORIZER_HANDLER),
        watch=functions.get(_WATCH_HANDLER),
        model_environment=named(container["Environment"], names),
        model_data_url=container.get("ModelDataUrl"),
        # The stack's own images hold the serving program, which runs here without an image.
        named_image=values["containerImageUri"] or None,
        endpoint_name=names[only(resources, "AWS::SageMaker::Endpoint")[0]],
        shadow_model=values["shadowModelName"] or None,
        is_serverless="ServerlessConfig" in endpoint_config["ProductionVariants"][0],
        async_queue=_async_queue(endpoint_config),
        bucket_name=names[events_bucket(resources)],
        tables=rendered_tables(resources, names),
        stage=rendered_stage(resources),
        methods=rendered_methods(resources),
        gateway_responses={
            properties["ResponseType"]: properties
            for _, properties in of_kind(resources, "AWS::ApiGateway::GatewayResponse")
        },
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
