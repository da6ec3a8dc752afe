"""The WSGI application for gunicorn, and its host. The master imports this first where workers share the model."""

from __future__ import annotations

import functools

from ipc_ai_catalogue import CUSTOM
from ipc_ai_serving import logs
from ipc_ai_serving.scheduling.parallelism import parallelism
from ipc_ai_serving.server.app import Host, create_app
from ipc_ai_serving.settings import settings


def _program_host() -> Host:
    from ipc_ai_serving.server.program_host import ProgramHost

    return ProgramHost(queue_limit=parallelism().queue_limit, response_seconds=settings().response_seconds)


def _built_in_host() -> Host:
    # Not for a user's own program: what this imports takes time and memory, and the program's process has it.
    import cv2

    from ipc_ai_serving.hooks import application
    from ipc_ai_serving.server.host import ApplicationHost

    # OpenCV would run a thread a core in every worker, each spinning for work, and its pool does not survive a fork.
    cv2.setNumThreads(1)
    return ApplicationHost(
        functools.partial(application.find, settings().application_type),
        str(settings().model_dir),
        queue_limit=parallelism().queue_limit,
    )


logs.configure()
host = _program_host() if settings().application_type == CUSTOM else _built_in_host()
app = create_app(
    host,
    model_name=settings().reported_model,
    max_body_bytes=settings().max_body_bytes,
    concurrency=parallelism().workers * parallelism().cores,
)


def prepare_worker() -> None:
    """Load the model unless the master did, and create what the fork did not carry over."""
    host.load()
    if settings().application_type != CUSTOM:
        from ipc_ai_serving import engines

        engines.prepare_process()
