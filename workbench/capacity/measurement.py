"""Measures what the serving program manages on this machine, and says so in the words of ``throughput.json``."""

from __future__ import annotations

import base64
import io
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from workbench.capacity.throughput import Frame, Machine, Measurement
from workbench.errors import PlanError
from workbench.local import serving_container
from workbench.processes import processor_seconds

_WARM_UP_SECONDS = 2.0
_TIMEOUT_SECONDS = 60.0
_COMPARISON = "face-comparison"

Post = Callable[[httpx.Client], bool]
"""Sends one request and tells whether it was answered with 200."""


@dataclass(frozen=True)
class Load:
    """What closed-loop clients saw: seconds that each good request took, failed requests, and the whole in seconds."""

    latencies: list[float]
    failed: int
    seconds: float


def measure(
    *, application: str, model: str, frame: Path, clients: int, seconds: float, model_store: Path, command: str
) -> Measurement:
    """Starts the serving program, keeps it busy for some seconds, and stops it.

    The clients run on the same machine and take a part of its cores, so its requests a second are fewer than those of
    a machine of its own. Its processor time a frame is not theirs.

    Args:
        application: what is served.
        model: a name that the application accepts.
        frame: an image file; for face comparison it is both source and target. It is sent as a JPEG.
        clients: requests at once.
        seconds: how long, after a warm-up of two seconds.
        model_store: folder of model folders.
        command: how the operator called this, for the record.

    Raises:
        PlanError: not one request was answered.
        StartError: the serving program did not start.
    """
    jpeg, sent = _jpeg(frame)
    load_before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="ipc-ai-saas-") as logs,
        serving_container.running(
            {"APPLICATION_TYPE": application, "MODEL_NAME": model},
            service_environment={},
            model_dir=None,
            model_store=model_store,
            log=Path(logs) / "serving.log",
        ) as (url, program),
    ):
        post = _post(url, application, jpeg)
        keep_busy(post, clients=clients, seconds=_WARM_UP_SECONDS)
        used_before = processor_seconds(program.pid)
        load = keep_busy(post, clients=clients, seconds=seconds)
        used = processor_seconds(program.pid) - used_before
    if not load.latencies:
        raise PlanError(f"the serving program answered none of {load.failed} requests; try the frame with 'send'")
    latencies = sorted(load.latencies)
    cores = len(os.sched_getaffinity(0))
    rate = len(latencies) / load.seconds
    return Measurement(
        application=application,
        model=model,
        instance_type=None,
        machine=Machine(processor=processor_name(), cores=cores, load_before=round(load_before, 2)),
        frame=sent,
        clients=clients,
        seconds=round(load.seconds, 2),
        requests=len(latencies),
        failed=load.failed,
        requests_per_second=round(rate, 2),
        milliseconds_per_frame=round(1000 * used / len(latencies), 2),
        p50_ms=round(1000 * latencies[len(latencies) // 2], 1),
        p99_ms=round(1000 * latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))], 1),
        date=datetime.now(UTC).date().isoformat(),
        command=command,
    )


def keep_busy(post: Post, *, clients: int, seconds: float) -> Load:
    """Lets each client send its next request when the last one is answered."""
    latencies: list[float] = []
    failed: list[float] = []
    connections = [httpx.Client(timeout=_TIMEOUT_SECONDS) for _ in range(clients)]  # which takes a moment
    start = time.monotonic()
    deadline = start + seconds

    def client(connection: httpx.Client) -> None:
        with connection:
            while (sent := time.monotonic()) < deadline:
                good = post(connection)
                (latencies if good else failed).append(time.monotonic() - sent)

    threads = [threading.Thread(target=client, args=[connection]) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(latencies, len(failed), time.monotonic() - start)


def _post(url: str, application: str, jpeg: bytes) -> Post:
    body, content_type = jpeg, "image/jpeg"
    if application == _COMPARISON:
        text = base64.b64encode(jpeg).decode()
        body = json.dumps({"source_image_bytes": text, "target_image_bytes": text}).encode()
        content_type = "application/json"

    def post(connection: httpx.Client) -> bool:
        try:
            answer = connection.post(f"{url}/invocations", content=body, headers={"Content-Type": content_type})
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    return post


def _jpeg(path: Path) -> tuple[bytes, Frame]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            picture = image.convert("RGB")
    except (OSError, UnidentifiedImageError) as error:
        raise PlanError(f"cannot read {path} as an image: {error}") from error
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    body = buffer.getvalue()
    return body, Frame(name=path.stem, width=picture.width, height=picture.height, bytes=len(body))


def processor_name() -> str:
    """What the machine calls its processor."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
