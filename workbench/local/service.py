"""Service of a rendered stack as a whole, on this machine."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import StartError
from workbench.local.api_gateway import api as rest_api
from workbench.local.api_gateway.authorizer import Authorizer
from workbench.local.api_gateway.rehearsal import Rehearsal
from workbench.local.api_gateway.signatures import CallerCredentials
from workbench.local.child_process import ChildProcess
from workbench.local.container import model_container, model_data
from workbench.local.servers.http_server import HttpServer
from workbench.local.services import lambda_service, object_store, sagemaker_runtime, stack_functions, tables
from workbench.local.services.lambda_service import LambdaFunction
from workbench.local.services.object_store import CREDENTIALS, ObjectStore
from workbench.local.services.result_topic import ResultTopic
from workbench.local.services.tables import Tables
from workbench.local.services.uploads import Uploads
from workbench.template.rendered_stack import RenderedStack

_STOP_SECONDS = 2


@dataclass(frozen=True)
class LocalService:
    """Running service.

    Attributes:
        api_url: URL that takes frames.
        push_url: URL where cameras push.
        api_key: the API key of callers; None where the API requires none.
        credentials: the credentials that callers sign with; None where the API requires no signature.
        events: the event store.
        uploads: queue of files and accepted pushes that become events; None where the stack has none.
        tables: the registry of cameras; None where the stack has none.
        programs: the started programs.
    """

    api_url: str
    push_url: str
    api_key: str | None
    credentials: CallerCredentials | None
    events: ObjectStore
    uploads: Uploads | None
    tables: Tables | None
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
    watch_seconds: float = 60,
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
        watch_seconds: time between two looks for silent cameras.

    Raises:
        StartError: the model is not in the store, or one of them did not start.
    """
    if stack.model_data_url is None and stack.named_image is None:
        model_container.require_model(stack, model_store)
    with (
        model_data.unpacked(local_model_data, stack.model_data_url, region=stack.region) as model_dir,
        object_store.running(stack.bucket_name, stack.region) as events,
        model_container.running(
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
    ):
        tables.create(stack.tables, events.url, stack.region)
        with stack_functions.running(stack, events, runtime.url, logs=logs, watch_seconds=watch_seconds) as functions:
            programs = (program, *functions.processes, *(completion.processes if completion else ()))
            try:
                callers = _callers(stack, functions.authorizer)
                with _api(rest_api.RestApi(stack, functions.api, callers, rehearsal), port) as url:
                    yield LocalService(
                        f"{url}/{stack.stage.name}/inference",
                        f"{url}/{stack.stage.name}/push",
                        callers.key,
                        callers.credentials,
                        events,
                        functions.uploads,
                        Tables.of(stack),
                        programs,
                    )
            finally:
                for each in programs:
                    each.end_within(_STOP_SECONDS)


def _callers(stack: RenderedStack, authorizer: LambdaFunction | None) -> rest_api.Callers:
    """Make what the stack asks of callers, for one run."""
    return rest_api.Callers(
        key=secrets.token_hex(20) if stack.requires_key else None,
        credentials=CallerCredentials.made(stack.region) if stack.requires_signature else None,
        authorizer=Authorizer(authorizer, stack.region) if authorizer else None,
    )


@contextmanager
def _api(api: rest_api.RestApi, port: int) -> Iterator[str]:
    with HttpServer(api, port, limits=rest_api.LIMITS, refuse=api.refuse) as server:
        yield server.url


def _completion(
    stack: RenderedStack, events: ObjectStore, *, log: Path
) -> AbstractContextManager[LambdaFunction | None]:
    """Start the function that completes the events of asynchronous requests, where the stack has one."""
    if stack.completion is None:
        return nullcontext()
    return lambda_service.running(stack.completion, region=stack.region, service_environment=events.services, log=log)
