"""Record of a benchmark: its frame, its schedule and its command."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from workbench import typed
from workbench.benchmarking.labelled import LabelledFrame
from workbench.benchmarking.process import tuning
from workbench.benchmarking.session import ROUNDS, Schedule
from workbench.compilers.onnx.accuracy import SAME_OBJECT_IOU, SURE


def about(path: Path, labelled: Sequence[LabelledFrame], schedule: Schedule) -> dict[str, Any]:
    """The frame, the schedule, and what accuracy means."""
    body = path.read_bytes()
    with Image.open(path) as image:
        width, height = image.size
    return {
        "frame": {
            "name": path.name,
            "width": width,
            "height": height,
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        },
        "warm_up": schedule.warm_up,
        "repeat": schedule.repeat,
        "threads": schedule.threads,
        "environment": tuning(schedule.threads),
        "throughput_seconds": schedule.seconds,
        "throughput_rounds": ROUNDS,
        "labels": {"frames": len(labelled), "iou": SAME_OBJECT_IOU, "score_threshold": SURE} if labelled else None,
    }


def command(models: Sequence[str], options: Mapping[str, Any]) -> str:
    """The call that repeats it: options with a value of None are left out, those with a list are repeated."""
    words = [
        word
        for option, given in options.items()
        for value in (given if isinstance(given, list) else [given])
        if value is not None
        for word in (option, str(value))
    ]
    return shlex.join([typed.NAME, "benchmark", *models, *words])
