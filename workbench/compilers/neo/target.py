"""Target of a compilation by Neo: an instance or device by its name, or a platform by its parts."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ipc_ai_catalogue import nearest
from workbench.errors import NeoError

_OF_NVIDIA = ("gpu-code", "trt-ver", "cuda-ver")
_GPU_DEVICES = ("ml_p", "ml_g", "jetson_")


@dataclass(frozen=True)
class Target:
    """A target.

    Attributes:
        label: part of the names of jobs and folders, such as ``ml-c5`` or ``linux-x86-64-nvidia``.
        output_config: its part of the job's ``OutputConfig``.
        is_instance: whether it is an instance of SageMaker.
        device: the device on which DLR runs it, ``cpu`` or ``gpu``.
    """

    label: str
    output_config: dict[str, Any]
    is_instance: bool
    device: str


def add_arguments(parser: argparse._ActionsContainer) -> None:
    """Add the arguments that choose the target."""
    parser.add_argument("--target-device", metavar="NAME", help="instance or device, ml_c5 or jetson_nano for example")
    parser.add_argument("--target-os", metavar="OS", help="platform instead: LINUX or ANDROID; with --target-arch")
    parser.add_argument("--target-arch", metavar="ARCH", help="X86_64, ARM64 ...")
    parser.add_argument("--target-accelerator", metavar="NAME", help="NVIDIA, MALI, INTEL_GRAPHICS ...")
    parser.add_argument(
        "--compiler-options",
        metavar="JSON",
        help='for example {"gpu-code": "sm_75", "trt-ver": "7.0.0", "cuda-ver": "10.1"}, which NVIDIA needs',
    )


def chosen(arguments: argparse.Namespace, service_model: Any) -> Target:
    """Read the target from the arguments.

    Args:
        arguments: arguments of the verb.
        service_model: botocore's model of SageMaker, which lists the valid targets.

    Raises:
        NeoError: none, two or an unknown one is named, or its compiler options are incomplete.
    """
    options = _options(arguments.compiler_options)
    parts = {"Os": arguments.target_os, "Arch": arguments.target_arch, "Accelerator": arguments.target_accelerator}
    platform = {name: value.upper() for name, value in parts.items() if value}
    if bool(arguments.target_device) == bool(platform):
        raise NeoError("name one target: --target-device ml_c5 for example, or --target-os LINUX --target-arch X86_64")
    packed = {"CompilerOptions": json.dumps(options)} if options is not None else {}
    if arguments.target_device:
        device = arguments.target_device.replace(".", "_")
        _require("target device", device, service_model.shape_for("TargetDevice").enum)
        on_gpu = device.startswith(_GPU_DEVICES)
        return Target(
            device.replace("_", "-"),
            {"TargetDevice": device, **packed},
            device.startswith("ml_"),
            "gpu" if on_gpu else "cpu",
        )
    if not {"Os", "Arch"} <= set(platform):
        raise NeoError("a platform has both; name --target-os and --target-arch")
    for name, value in platform.items():
        _require(f"target {name.lower()}", value, service_model.shape_for(f"TargetPlatform{name}").enum)
    on_nvidia = platform.get("Accelerator") == "NVIDIA"
    missing = [name for name in _OF_NVIDIA if on_nvidia and name not in (options if isinstance(options, dict) else {})]
    if missing:
        raise NeoError(
            f"NVIDIA needs {', '.join(missing)} in --compiler-options, for example "
            '{"gpu-code": "sm_75", "trt-ver": "7.0.0", "cuda-ver": "10.1"}'
        )
    label = "-".join(platform.values()).lower().replace("_", "-")
    return Target(label, {"TargetPlatform": platform, **packed}, False, "gpu" if on_nvidia else "cpu")


def _options(text: str | None) -> Any:
    """Parse compiler options; Inferentia's are a JSON string."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise NeoError(
            f'--compiler-options is not JSON: {error}; write it as \'{{"mcpu": "skylake-avx512"}}\''
        ) from error


def _require(kind: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise NeoError(f"Neo has no {kind} '{value}'{nearest(value, known)}; it has: {', '.join(known)}")
