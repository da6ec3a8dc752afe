"""The WSGI application for gunicorn, and its host. The master imports this first where workers share the model."""

from __future__ import annotations

import functools

import cv2

from ipc_ai_serving import engines, logs
from ipc_ai_serving.hooks import application
from ipc_ai_serving.scheduling.parallelism import parallelism
from ipc_ai_serving.server.app import create_app
from ipc_ai_serving.server.host import ApplicationHost
from ipc_ai_serving.settings import settings

logs.configure()
# OpenCV would run a thread a core in every worker, each spinning for work, and its pool does not survive a fork.
cv2.setNumThreads(1)
host = ApplicationHost(
    functools.partial(
        application.find,
        settings().application_type,
        settings().model_dir,
        code_dir=settings().code_dir,
        program=settings().program,
    ),
    str(settings().model_dir),
    queue_limit=parallelism().queue_limit,
)
app = create_app(host, model_name=settings().model_name, max_body_bytes=settings().max_body_bytes)


def prepare_worker() -> None:
    """Load the model unless the master did, and create what the fork did not carry over."""
    host.load()
    engines.prepare_process()
