"""How many workers and threads serve a model best on a machine with so many cores; docs/performance.md has the figures.

ONNX Runtime runs several requests beside each other in one process, and gives one that is alone all cores. So a worker
has several cores: a camera that waits alone gets its answer sooner, and no core idles because the connections of a
fleet happen to lie with another worker. The other engines run one request at a time: each core has a worker of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import catalogue
from serving import model_folder
from serving.errors import ModelLoadError

if TYPE_CHECKING:
    from serving.settings import Settings

_SHARES_CORES = "onnxruntime"
_MOST_THREADS = 4
"""Cores of one worker: with more, its Python code, which runs on one of them at a time, would hold them up."""


def fitted(
    settings: Settings, *, cores: int, workers: int | None, threads: int | None, queue_limit: int | None
) -> Settings:
    """The settings with the workers and threads that the model they name is served best by.

    As many requests as before wait for a core: a worker of several cores has several workers' queues.

    Args:
        settings: with a worker a core, of one thread; of a built-in application.
        cores: of the machine.
        workers: how many the environment asks for, or None.
        threads: how many of an engine the environment asks for, or None.
        queue_limit: what the environment asks for, or None.
    """
    if settings.gpu or set(_engines(settings)) != {_SHARES_CORES}:
        return settings
    count = workers or -(-cores // (threads or _MOST_THREADS))
    each = threads or min(_MOST_THREADS, -(-cores // count))
    queue = queue_limit or settings.queue_limit * each
    return replace(
        settings,
        workers=count,
        engine_threads=each,
        engine_threads_per_process=True,
        cores=each,
        queue_limit=queue,
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
