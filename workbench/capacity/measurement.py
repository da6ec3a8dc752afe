"""Measure the serving program's throughput on this machine, in the words of ``throughput.json``."""

from __future__ import annotations

import base64
import io
import json
import os
import tempfile
import urllib.parse
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from ipc_ai_catalogue import FACE_COMPARISON
from workbench import serving_program
from workbench.capacity.throughput import Frame, Machine, Measurement
from workbench.errors import PlanError
from workbench.local.container import serving_container
from workbench.measuring.machine import processor_name
from workbench.measuring.processes import processor_seconds
from workbench.speed import load
from workbench.speed.load import Request

_WARM_UP_SECONDS = 2.0


def measure(
    *,
    application: str,
    model: str,
    engines: Collection[str],
    frame: Path,
    clients: int,
    seconds: float,
    model_store: Path,
    command: str,
) -> Measurement:
    """Start the serving program, keep it busy for some seconds, and stop it.

    The clients run on the same machine and take a part of its cores, so its requests a second are fewer than those of
    a machine of its own. Its processor time a frame is not theirs.

    Args:
        application: what is served.
        model: a name that the application accepts.
        engines: engines of its parts, for the record.
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
        parts = urllib.parse.urlsplit(url)
        address, request = (str(parts.hostname), int(parts.port or 0)), _request(application, jpeg)
        load.run(address, request, clients=clients, seconds=_WARM_UP_SECONDS)
        used_before = processor_seconds(program.pid)
        seen, _ = load.run(address, request, clients=clients, seconds=seconds)
        used = processor_seconds(program.pid) - used_before
    if not seen.latencies:
        raise PlanError(f"the serving program answered none of {seen.refused} requests; try the frame with 'send'")
    cores = serving_program.usable_cores()
    rate = seen.rate
    return Measurement(
        application=application,
        model=model,
        instance_type=None,
        machine=Machine(processor=processor_name(), cores=cores, load_before=round(load_before, 2)),
        frame=sent,
        clients=clients,
        seconds=round(seen.seconds, 2),
        requests=len(seen.latencies),
        failed=seen.refused,
        requests_per_second=round(rate, 2),
        milliseconds_per_frame=round(1000 * used / len(seen.latencies), 2),
        p50_ms=round(seen.milliseconds(50), 1),
        p99_ms=round(seen.milliseconds(99), 1),
        date=datetime.now(UTC).date().isoformat(),
        command=command,
        engines=tuple(sorted(engines)),
    )


def _request(application: str, jpeg: bytes) -> Request:
    if application != FACE_COMPARISON:
        return Request.post("/invocations", jpeg, "image/jpeg")
    text = base64.b64encode(jpeg).decode()
    body = json.dumps({"source_image_bytes": text, "target_image_bytes": text}).encode()
    return Request.post("/invocations", body, "application/json")


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
