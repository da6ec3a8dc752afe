"""The machine that was measured on, described so that a measurement can be repeated."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench import serving_program

_PACKAGES = ("mxnet", "onnxruntime", "onnxruntime-gpu", "dlr", "dlib-bin", "opencv-python-headless", "numpy")
_BUSY = 0.25  # load a core


def processor_name() -> str:
    """The processor as the machine names it."""
    return _line("/proc/cpuinfo", "model name") or "unknown processor"


def described() -> dict[str, Any]:
    """Processor, cores that may be used, memory, system, releases, and how busy the machine was before."""
    return {
        "processor": processor_name(),
        "cores": serving_program.usable_cores(),
        "memory_mib": int((_line("/proc/meminfo", "MemTotal") or "0").split()[0]) // 1024,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in _PACKAGES if _installed(name)},
        "load_before": round(os.getloadavg()[0], 2),
    }


def was_busy(machine: Mapping[str, Any]) -> str | None:
    """A sentence where the machine had other work before; None where it had none to speak of."""
    if machine["load_before"] < _BUSY * machine["cores"]:
        return None
    return (
        f"the machine had other work: a load of {machine['load_before']:g} on {machine['cores']} cores before. "
        "Trust the ratios, and repeat on a quiet machine for the milliseconds"
    )


def _line(file: str, name: str) -> str | None:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)


def _installed(package: str) -> bool:
    return next(iter(metadata.distributions(name=package)), None) is not None
