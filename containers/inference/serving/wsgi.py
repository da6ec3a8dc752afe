"""What gunicorn imports: the application of this worker."""

from __future__ import annotations

import functools

from serving import application, logs
from serving.app import create_app
from serving.host import ApplicationHost
from serving.settings import settings

logs.configure()
app = create_app(
    ApplicationHost(
        functools.partial(
            application.find,
            settings().application_type,
            settings().model_dir,
            code_dir=settings().code_dir,
            program=settings().program,
        ),
        str(settings().model_dir),
        queue_limit=settings().queue_limit,
    ),
    max_body_bytes=settings().max_body_bytes,
)
