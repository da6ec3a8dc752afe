"""The functions of a stack, each in processes of its own, and the services that call them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.local.child_process import ChildProcess
from workbench.local.services import lambda_service, schedule, uploads
from workbench.local.services.lambda_service import LambdaFunction
from workbench.local.services.object_store import ObjectStore
from workbench.local.services.uploads import Uploads
from workbench.template.rendered_stack import RenderedStack

_PUSH_QUEUE = "PUSH_QUEUE_URL"


@dataclass(frozen=True)
class StackFunctions:
    """Running functions.

    Attributes:
        api: the one behind the API.
        authorizer: the one that says which camera calls; None where the stack has none.
        uploads: the queue of uploaded files and accepted pushes; None where the stack has none.
        processes: processes of all of them.
    """

    api: LambdaFunction
    authorizer: LambdaFunction | None
    uploads: Uploads | None
    processes: tuple[ChildProcess, ...]


@contextmanager
def running(
    stack: RenderedStack, events: ObjectStore, runtime_url: str, *, logs: Path, watch_seconds: float
) -> Iterator[StackFunctions]:
    """Start the function of the API, and those that the stack has besides.

    Args:
        stack: the stack.
        events: the running S3, whose server emulates SQS and DynamoDB, too.
        runtime_url: URL of the SageMaker runtime.
        logs: folder for their output.
        watch_seconds: time between two looks for silent cameras.

    Raises:
        StartError: a handler cannot be imported.
    """
    services = {**events.services, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": runtime_url}
    incoming = authorizer = watch = None
    with ExitStack() as started:
        if stack.ingest:
            front = uploads.running(
                stack.ingest, events, region=stack.region, service_environment=services, log=logs / "ingest.log"
            )
            incoming = started.enter_context(front)
        own = {_PUSH_QUEUE: incoming.queue_url} if incoming and stack.function.environment.get(_PUSH_QUEUE) else {}
        api = started.enter_context(
            lambda_service.running(
                stack.function,
                region=stack.region,
                service_environment={**services, **own},
                log=logs / "function.log",
            )
        )
        if stack.authorizer:
            asked = lambda_service.running(
                stack.authorizer, region=stack.region, service_environment=services, log=logs / "authorizer.log"
            )
            authorizer = started.enter_context(asked)
        if stack.watch:
            called = lambda_service.running(
                stack.watch, region=stack.region, service_environment=services, log=logs / "watch.log", most=1
            )
            watch = started.enter_context(called)
            started.enter_context(schedule.running(watch, every_seconds=watch_seconds, region=stack.region))
        functions = [each for each in (api, authorizer, watch) if each]
        processes = [process for each in functions for process in each.processes]
        yield StackFunctions(api, authorizer, incoming, (*processes, *(incoming.processes if incoming else ())))
