"""How gunicorn serves the container contract; https://docs.gunicorn.org/en/stable/settings.html names each setting."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from serving import user_packages
from serving.settings import settings

bind = f"0.0.0.0:{os.environ.get('SAGEMAKER_BIND_TO_PORT', '8080')}"
# Several threads a worker: while one prediction runs, /ping is answered and the next frame is decoded.
worker_class = "gthread"
workers = settings().workers
threads = 4
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


def post_worker_init(worker):
    """Lets a worker take connections only when its model is loaded, but for the very first.

    The first answers /ping with 503 while it loads. Until a further worker, or one that replaces another, is
    ready, those that are get all requests: a 200 of /ping holds for every request that follows.
    """
    if worker.age > 1:
        while worker.wsgi.extensions["host"].loading:
            worker.wsgi.extensions["host"].wait(1)
            worker.notify()


raw_env = [
    # MXNet reads both when it is imported. Without the first it runs on one thread whatever the machine;
    # without the second some networks fail from their second forward pass on (1.9.1, oneDNN subgraphs).
    f"OMP_NUM_THREADS={settings().engine_threads}",
    "MXNET_SUBGRAPH_BACKEND=NONE",
]
