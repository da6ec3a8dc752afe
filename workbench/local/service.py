"""Service of a rendered stack as a whole, on this machine."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from workbench import typed
from workbench.errors import StartError
from workbench.local import (
    container_engine,
    lambda_service,
    model_data,
    object_store,
    sagemaker_runtime,
    serving_container,
    uploads,
)
from workbench.local.api_gateway import api as rest_api
from workbench.local.api_gateway.rehearsal import Rehearsal
from workbench.local.api_gateway.signatures import CallerCredentials
from workbench.local.child_process import ChildProcess
from workbench.local.http_server import HttpServer
from workbench.local.lambda_service import LambdaFunction
from workbench.local.object_store import CREDENTIALS, ObjectStore
from workbench.local.result_topic import ResultTopic
from workbench.local.uploads import Uploads
from workbench.template.rendered_stack import RenderedStack

_STOP_SECONDS = 2


@dataclass(frozen=True)
class LocalService:
    """Running service.

    Attributes:
        api_url: URL that takes frames.
        api_key: the API key of callers; None where the API requires none.
        credentials: the credentials that callers sign with; None where the API requires no signature.
        events: the event store.
        uploads: front end for files that become events; None where the stack has none.
        programs: the started programs.
    """

    api_url: str
    api_key: str | None
    credentials: CallerCredentials | None
    events: ObjectStore
    uploads: Uploads | None
    programs: tuple[ChildProcess, ...]

    def check(self) -> None:
        """Return while all programs run.

        Raises:
            StartError: one has ended by itself; the message has the last line of its log.
        """
        for program in self.programs:
            if program.failure:
                raise StartError(program.failure)


@contextmanager
def log_folder(named: Path | None = None) -> Iterator[Path]:
    """Provide a folder for the logs, by default a new temporary one, and name it where the service fails.

    Raises:
        StartError: as of the service, with the folder behind it.
    """
    logs = named or Path(tempfile.mkdtemp(prefix="ipc-ai-saas-"))
    logs.mkdir(parents=True, exist_ok=True)
    try:
        yield logs
    except StartError as error:
        if any(logs.iterdir()):
            raise StartError(f"{error}; logs in {logs}") from error
        if named is None:
            logs.rmdir()
        raise


@contextmanager
def running(
    stack: RenderedStack,
    *,
    port: int,
    model_store: Path,
    logs: Path,
    local_model_data: Path | None = None,
    rehearsal: Rehearsal | None = None,
) -> Iterator[LocalService]:
    """Start S3, container, SageMaker runtime, functions and API, in this order, and stop them in reverse.

    Stopping takes 5 seconds at most, whatever is in work then.

    Args:
        stack: the stack to run.
        port: port of the API; 0 picks a free one.
        model_store: folder of fetched models.
        logs: folder for the logs.
        local_model_data: a model.tar.gz or folder of this machine in place of the stack's model data, or None.
        rehearsal: failures and delays on purpose; None for none.

    Raises:
        StartError: the model is not in the store, or one of them did not start.
    """
    if stack.model_data_url is None and stack.named_image is None:
        _require_model(stack, model_store)
    callers = rest_api.Callers(
        key=secrets.token_hex(20) if stack.requires_key else None,
        credentials=CallerCredentials.made(stack.region) if stack.requires_signature else None,
    )
    with (
        model_data.unpacked(local_model_data, stack.model_data_url, region=stack.region) as model_dir,
        object_store.running(stack.bucket_name, stack.region) as events,
        _container(
            stack,
            {**CREDENTIALS, "AWS_ENDPOINT_URL_S3": events.url},
            model_dir=model_dir,
            model_store=model_store,
            log=logs / "serving.log",
        ) as (container_url, program),
        _completion(stack, events, log=logs / "completion.log") as completion,
        HttpServer(
            sagemaker_runtime.create_app(
                stack.endpoint_name,
                container_url,
                is_serverless=stack.is_serverless,
                queue=stack.async_queue,
                objects=events,
                notify=ResultTopic(completion).publish if completion else None,
            )
        ) as runtime,
        _uploads(
            stack, events, {**CREDENTIALS, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": runtime.url}, log=logs / "ingest.log"
        ) as incoming,
        lambda_service.running(
            stack.function,
            region=stack.region,
            service_environment={
                **CREDENTIALS,
                "AWS_ENDPOINT_URL_S3": events.url,
                "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": runtime.url,
            },
            log=logs / "function.log",
        ) as function,
    ):
        programs = (
            program,
            *function.processes,
            *(incoming.processes if incoming else ()),
            *(completion.processes if completion else ()),
        )
        try:
            with _api(rest_api.RestApi(stack, function, callers, rehearsal), port) as url:
                yield LocalService(
                    f"{url}/{stack.stage.name}/inference", callers.key, callers.credentials, events, incoming, programs
                )
        finally:
            for each in programs:
                each.end_within(_STOP_SECONDS)


@contextmanager
def _api(api: rest_api.RestApi, port: int) -> Iterator[str]:
    with HttpServer(api, port, limits=rest_api.LIMITS, refuse=api.refuse) as server:
        yield server.url


def _uploads(
    stack: RenderedStack, events: ObjectStore, service_environment: Mapping[str, str], *, log: Path
) -> AbstractContextManager[Uploads | None]:
    """Start the front end for uploaded files, where the stack has one."""
    if stack.ingest is None:
        return nullcontext()
    return uploads.running(stack.ingest, events, region=stack.region, service_environment=service_environment, log=log)


def _completion(
    stack: RenderedStack, events: ObjectStore, *, log: Path
) -> AbstractContextManager[LambdaFunction | None]:
    """Start the function that completes the events of asynchronous requests, where the stack has one."""
    if stack.completion is None:
        return nullcontext()
    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL_S3": events.url}
    return lambda_service.running(stack.completion, region=stack.region, service_environment=environment, log=log)


def _container(
    stack: RenderedStack,
    service_environment: Mapping[str, str],
    *,
    model_dir: Path | None,
    model_store: Path,
    log: Path,
) -> AbstractContextManager[tuple[str, ChildProcess]]:
    """Start the operator's image; without one, the serving program of the images built here."""
    if stack.named_image is None:
        return serving_container.running(
            stack.model_environment,
            service_environment=service_environment,
            model_dir=model_dir,
            model_store=model_store,
            log=log,
        )
    return _named_image(stack.named_image, stack.model_environment, model_dir=model_dir, log=log)


@contextmanager
def _named_image(
    image: str, environment: Mapping[str, str], *, model_dir: Path | None, log: Path
) -> Iterator[tuple[str, ChildProcess]]:
    """Starts the operator's image, with S3 at an address that its container reaches where the engine tells one."""
    address = container_engine.address_of_this_machine(image)
    with object_store.also_at(address) if address else nullcontext() as url:
        services = {**CREDENTIALS, "AWS_ENDPOINT_URL_S3": url} if url else {}
        given = {**serving_container.tuning(), **environment, **services}
        with container_engine.running(image, given, model_dir=model_dir, log=log) as started:
            yield started


def _require_model(stack: RenderedStack, model_store: Path) -> None:
    """Check that a catalogue model is in the store, before anything starts."""
    known = catalogue.load()
    application, name = stack.model_environment["APPLICATION_TYPE"], stack.model_environment["MODEL_NAME"]
    for part in name.split("+"):
        model = known.models.get(part)
        if model and model.files_for(application) and not (model_store / part).is_dir():
            raise StartError(f"the model '{part}' is not in {model_store}; run '{typed.fetch(part, model_store)}'")
