"""The container of a stack's model: the operator's image, or the serving program of the images built here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import ipc_ai_catalogue as catalogue
from workbench import typed
from workbench.errors import StartError
from workbench.local.child_process import ChildProcess
from workbench.local.container import container_engine, serving_container
from workbench.local.services import object_store
from workbench.local.services.object_store import CREDENTIALS
from workbench.template.rendered_stack import RenderedStack


def running(
    stack: RenderedStack,
    service_environment: Mapping[str, str],
    *,
    model_dir: Path | None,
    model_store: Path,
    log: Path,
) -> AbstractContextManager[tuple[str, ChildProcess]]:
    """Start the operator's image; without one, the serving program of the images built here.

    Args:
        stack: the stack.
        service_environment: endpoints of the services, and credentials.
        model_dir: the unpacked model data; None where the model is in the image.
        model_store: folder of fetched models.
        log: file for its output.

    Raises:
        StartError: it did not start.
    """
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


def require_model(stack: RenderedStack, model_store: Path) -> None:
    """Check that a catalogue model is in the store, before anything starts.

    Raises:
        StartError: it is not; the message has the command that fetches it.
    """
    known = catalogue.load()
    application, name = stack.model_environment["APPLICATION_TYPE"], stack.model_environment["MODEL_NAME"]
    for part in name.split("+"):
        model = known.models.get(part)
        if model and model.files_for(application) and not (model_store / part).is_dir():
            raise StartError(f"the model '{part}' is not in {model_store}; run '{typed.fetch(part, model_store)}'")
