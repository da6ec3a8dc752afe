"""How gunicorn serves the container contract; https://docs.gunicorn.org/en/stable/settings.html names each setting."""

import multiprocessing
import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from serving import user_packages
from serving.settings import settings

bind = f"0.0.0.0:{os.environ.get('SAGEMAKER_BIND_TO_PORT', '8080')}"
# Several threads a worker: while one prediction runs, /ping is answered, the next frame is decoded, and what comes
# beyond the queue's limit is refused. Waiting requests hold a thread each; the others are for that.
worker_class = "gthread"
workers = settings().workers
threads = settings().queue_limit + 4
# SageMaker gives a request 60 s and a container 30 s to drain after SIGTERM.
timeout = 60
graceful_timeout = 30
keepalive = 60
control_socket_disable = True
accesslog = None


def on_starting(_server):
    """Installs a user's packages once, for all workers to find."""
    folder = user_packages.install(settings())
    if folder is not None:
        sys.path.insert(0, str(folder))


# Set when the first worker's model is loaded, cannot be loaded, or the worker is gone. All workers share it.
_first_done = multiprocessing.Event()


def post_worker_init(worker):
    """Lets a worker take connections only when its model is loaded, but for the very first.

    The first answers /ping with 503 while it loads; the others wait for themselves and for it. So a 200 of /ping
    holds for every request that follows, and a worker that replaces another keeps nobody waiting.
    """
    host = worker.wsgi.extensions["host"]
    if worker.age == 1:
        threading.Thread(target=lambda: (host.wait(), _first_done.set()), daemon=True).start()
        return
    while host.loading or not _first_done.is_set():
        host.wait(0.1)
        _first_done.wait(0.1)
        worker.notify()


def child_exit(_server, worker):
    """Does not let the others wait for a first worker that is gone."""
    if worker.age == 1:
        _first_done.set()


raw_env = [
    # MXNet reads both when it is imported. Without the first it runs on one thread whatever the machine;
    # without the second some networks fail from their second forward pass on (1.9.1, oneDNN subgraphs).
    f"OMP_NUM_THREADS={settings().engine_threads}",
    "MXNET_SUBGRAPH_BACKEND=NONE",
    # ONNX Runtime reports to its makers unless told not to before it is loaded.
    "ORT_DISABLE_TELEMETRY=1",
]
