"""How many workers and threads serve a model best on a machine with so many cores; docs/performance.md has the figures.

There is a worker a core: in one process the Python code of several requests would take turns. With ONNX Runtime, which
runs several requests beside each other in one process, workers share the cores: a request that is alone gets several,
so a camera that waits alone has its answer sooner, and a core that one worker leaves idle another uses, however the
connections of a fleet happen to be spread. The other engines run one request at a time, on one core.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import ipc_ai_catalogue as catalogue
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.models import model_folder

if TYPE_CHECKING:
    from ipc_ai_serving.settings import Settings

_SHARES_CORES = "onnxruntime"
_MOST_THREADS = 4
"""Of one forward pass, and requests that one worker runs at once: more gain little, and each has its memory."""


def fitted(
    settings: Settings, *, cores: int, workers: int | None, threads: int | None, queue_limit: int | None
) -> Settings:
    """The settings with the workers and threads that the model they name is served best by.

    As many requests as ever wait for a core, in all workers together.

    Args:
        settings: with a worker a core, of one thread; of a built-in application.
        cores: of the machine.
        workers: how many the environment asks for, or None.
        threads: how many of an engine the environment asks for, or None.
        queue_limit: what the environment asks for, or None.
    """
    if settings.gpu or set(_engines(settings)) != {_SHARES_CORES}:
        return settings
    count = workers or cores
    return replace(
        settings,
        workers=count,
        engine_threads=threads or min(_MOST_THREADS, cores),
        engine_threads_per_process=True,
        cores=max(1, cores // count),
        shared_cores=cores,
        queue_limit=queue_limit or settings.queue_limit * cores,
    )


def _engines(settings: Settings) -> Iterable[str]:
    """The engines of the model's parts; none where it is not found, which whoever loads it will say."""
    with contextlib.suppress(ModelLoadError, catalogue.CatalogueError):
        known = catalogue.load()
        return [
            model_folder.find(
                name,
                settings.application_type,
                model_dir=settings.model_dir,
                model_store=settings.model_store,
                catalogue=known,
            ).model.engine
            for name in settings.model_name.split("+")
        ]
    return []
