"""Settings of gunicorn for the container contract; https://docs.gunicorn.org/en/stable/settings.html names each."""

import gc
import logging
import os
import signal
import socket
import struct
import sys
import threading
from pathlib import Path

# Last on the path: a package of the user's own called `serving` replaces the alias of that name.
sys.path.append(str(Path(__file__).resolve().with_name("serving")))
sys.path.append(str(Path(__file__).resolve().with_name("catalogue")))

from ipc_ai_serving import logs
from ipc_ai_serving.hooks import user_packages
from ipc_ai_serving.scheduling import allocator, traffic
from ipc_ai_serving.scheduling.parallelism import parallelism
from ipc_ai_serving.server import hook_process, memory
from ipc_ai_serving.server.startup import StartupAnswers
from ipc_ai_serving.settings import settings

allocator.keep_freed_memory()
# A ping waits for a thread that runs Python code to let it in: by default 5 ms each time.
sys.setswitchinterval(0.001)
bind = f"0.0.0.0:{os.environ.get('SAGEMAKER_BIND_TO_PORT', '8080')}"
# Several threads a worker: while predictions run, /ping is answered, bodies are read, and what comes beyond the
# queue's limit is refused. Waiting requests hold a thread each; the others are for that.
worker_class = "ipc_ai_serving.server.worker.DrainingWorker"
workers = parallelism().workers
threads = parallelism().queue_limit + 4
# gunicorn keeps so many connections open between requests beside those that threads have.
worker_connections = threads + 1000
# SageMaker gives a request 60 s and a container 30 s to drain after SIGTERM.
timeout = 60
graceful_timeout = 30
keepalive = 60
control_socket_disable = True
accesslog = None
# No proxy stands in front, so no header may change a path or a protocol.
forwarded_allow_ips = ""
forwarder_headers = ""

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
# A client that stops sending in the middle of its request keeps a thread for no longer than twice that.
_STALLED_SECONDS = 5
_starting = None


def when_ready(server):
    """Prepare everything that workers share, while another process answers 503 on the socket."""
    global _starting
    listener = server.LISTENERS[0].sock
    # Connections inherit it. Python's own timeouts would not last: gunicorn makes its sockets blocking.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _STALLED_SECONDS, 0))
    _starting = StartupAnswers.start(listener)
    for number in _ENDING:
        signal.signal(number, lambda *_: sys.exit(0))  # there is nothing to finish yet
    logs.configure()
    # Its packages are for the processes of the user's program, and for none of ours.
    hook_process.python = user_packages.install(settings()) or hook_process.python
    if parallelism().loads_before_fork:
        from ipc_ai_serving.server import wsgi

        wsgi.host.load()
        _starting.stop()
        gc.collect()
        gc.freeze()  # so that collecting garbage in a worker does not write to pages it shares
    server.init_signals()


def pre_fork(_server, worker):
    """Reserve the row in which all workers see this one's requests and cores."""
    worker.row = traffic.counts().reserve()


def child_exit(_server, worker):
    """Clear the row of a worker, which may have been killed."""
    traffic.counts().release(worker.row)


def post_fork(server, worker):
    """End a worker whose signal came before its handlers were there; gunicorn would wait 30 s for it.

    Until then it has the master's handlers, which only put signals into a queue that no worker reads.
    """
    traffic.counts().take(worker.row)
    for number in _ENDING:
        signal.signal(number, lambda *_: os._exit(0))
    while not server.SIG_QUEUE.empty():
        if server.SIG_QUEUE.get() in _ENDING:
            os._exit(0)


def post_worker_init(worker):
    """Take connections only when the model is loaded, so that a 200 of /ping holds for every worker."""
    wsgi = sys.modules["ipc_ai_serving.server.wsgi"]
    worker.serves = wsgi.host.is_ready
    loading = threading.Thread(target=wsgi.prepare_worker, daemon=True)
    loading.start()
    while loading.is_alive() and worker.alive:
        loading.join(0.2)
        worker.notify()
    if _starting is not None:
        _starting.stop()
    logging.getLogger("ipc_ai_serving").info("worker ready", extra={"pid": worker.pid, **memory.of_process()})


raw_env = [
    # MXNet reads both when it is imported. Without the first it runs on one thread whatever the machine;
    # without the second some networks fail from their second forward pass on (1.9.1, oneDNN subgraphs).
    f"OMP_NUM_THREADS={parallelism().engine_threads}",
    "MXNET_SUBGRAPH_BACKEND=NONE",
    # ONNX Runtime reports to its makers unless told not to before it is loaded.
    "ORT_DISABLE_TELEMETRY=1",
]
