"""The environment of the serving program, read once into a frozen object."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON
from ipc_ai_serving.errors import ModelLoadError

_MIB = 1024 * 1024
_LONGEST_WAIT_MS, _LARGEST_BATCH = 5, 256
_PROGRAM_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The rendered model environment, with SageMaker's own conventions as defaults.

    Numbers that are None are chosen by ``scheduling.parallelism``, which knows the machine and the model.

    Attributes:
        application_type: which application to serve, ``APPLICATION_TYPE``.
        model_name: which model, ``MODEL_NAME`` (or a name that earlier versions of the stack set).
        model_dir: where SageMaker unpacks model.tar.gz, ``SM_MODEL_DIR``.
        model_store: folder of model folders inside the image, ``MODEL_STORE``.
        code_dir: folder inside the image with a user's own program, looked into after ``model_dir``;
            ``SAGEMAKER_SUBMIT_DIRECTORY``.
        program: file name of a user's own program, ``SAGEMAKER_PROGRAM``.
        gpu: whether this is the GPU image, ``PROCESSOR``.
        workers: worker processes, ``MODEL_SERVER_WORKERS``; by default one per processor core, and one alone in the
            GPU image, where each would hold a CUDA context and a model in the GPU's memory.
        engine_threads: threads of an engine in one worker, ``OMP_NUM_THREADS``; by default one, or as many as cores, at
            most four, where the engine runs several requests at once, and in the GPU image one per processor core, for
            models that run on the CPU there.
        queue_limit: requests in work or waiting in one worker, or in all of them where they share the cores,
            ``MAX_QUEUE_LENGTH``; more get 503 at once. By default 16 for each core that they run on.
        response_seconds: longest time of a user's own hooks over one request, ``MODEL_SERVER_TIMEOUT``; by default 60
            seconds, after which SageMaker has given up the request, too. Loading takes as long as it takes.
        max_body_bytes: largest body taken, ``MAX_BODY_BYTES``; SageMaker's real-time limit by default.
        max_frame_pixels: largest frame decoded, ``MAX_FRAME_PIXELS``; 64 megapixels by default.
        max_object_bytes: largest S3 object fetched, ``MAX_OBJECT_BYTES``; 32 MiB by default.
        batch_wait_ms: longest wait for tensors of other requests, ``BATCH_WAIT_MS``, 0 to 5 milliseconds; by default 2
            on a GPU, and no batches on a CPU.
        max_batch_size: most frames of a batch across requests, and of a forward pass on TensorRT, ``MAX_BATCH_SIZE``; 8
            by default.
        tensorrt: whether TensorRT is used on a GPU by models without an engine cache, too, ``TENSORRT``, Yes or No.
    """

    application_type: str
    model_name: str
    model_dir: Path = Path("/opt/ml/model")
    model_store: Path = _PROGRAM_DIR / "models"
    code_dir: Path | None = None
    program: str = "inference.py"
    gpu: bool = False
    workers: int | None = None
    engine_threads: int | None = None
    queue_limit: int | None = None
    response_seconds: int = 60
    max_body_bytes: int = 6 * _MIB
    max_frame_pixels: int = 64_000_000
    max_object_bytes: int = 32 * _MIB
    batch_wait_ms: float | None = None
    max_batch_size: int = 8
    tensorrt: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings from an environment.

        Raises:
            ModelLoadError: a value is none that its variable takes.
        """
        application_type = environment.get("APPLICATION_TYPE", "face-detection")
        comparison = application_type == FACE_COMPARISON
        older_name = "FACE_DETECTION_AND_COMPARISON_MODEL_NAME" if comparison else "OBJECT_DETECTION_MODEL_NAME"
        code_dir = environment.get("SAGEMAKER_SUBMIT_DIRECTORY")
        return cls(
            application_type=application_type,
            model_name=environment.get("MODEL_NAME") or environment.get(older_name, ""),
            model_dir=Path(environment.get("SM_MODEL_DIR", cls.model_dir)),
            model_store=Path(environment.get("MODEL_STORE", cls.model_store)),
            code_dir=Path(code_dir) if code_dir else None,
            # SageMaker takes the name of the module, too.
            program=f"{environment.get('SAGEMAKER_PROGRAM', cls.program).removesuffix('.py')}.py",
            gpu=environment.get("PROCESSOR") == "gpu",
            workers=_positive(environment, "MODEL_SERVER_WORKERS"),
            engine_threads=_positive(environment, "OMP_NUM_THREADS"),
            queue_limit=_positive(environment, "MAX_QUEUE_LENGTH"),
            response_seconds=_positive(environment, "MODEL_SERVER_TIMEOUT") or cls.response_seconds,
            max_body_bytes=_positive(environment, "MAX_BODY_BYTES") or cls.max_body_bytes,
            max_frame_pixels=_positive(environment, "MAX_FRAME_PIXELS") or cls.max_frame_pixels,
            max_object_bytes=_positive(environment, "MAX_OBJECT_BYTES") or cls.max_object_bytes,
            batch_wait_ms=_wait_ms(environment, "BATCH_WAIT_MS"),
            max_batch_size=_positive(environment, "MAX_BATCH_SIZE", _LARGEST_BATCH) or cls.max_batch_size,
            tensorrt=_yes(environment, "TENSORRT"),
        )

    @property
    def reported_model(self) -> str:
        """The name in the log: ``custom`` for a program without a name, which has the default of the parameter."""
        is_nameless = self.model_name in ("", catalogue.load().detectors()[0])
        return CUSTOM if self.application_type == CUSTOM and is_nameless else self.model_name


@functools.cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings.from_environment(os.environ)


def _positive(environment: Mapping[str, str], name: str, largest: int | None = None) -> int | None:
    text = environment.get(name)
    if not text:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise ModelLoadError(f"{name} must be a positive whole number, not '{text}'")
    if largest is not None and int(text) > largest:
        raise ModelLoadError(f"{name} must be at most {largest}, not '{text}'")
    return int(text)


def _wait_ms(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= _LONGEST_WAIT_MS:
        raise ModelLoadError(f"{name} must be a number of milliseconds from 0 to {_LONGEST_WAIT_MS}, not '{text}'")
    return value


def _yes(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "No"
    if text not in ("Yes", "No"):
        raise ModelLoadError(f"{name} must be Yes or No, not '{text}'")
    return text == "Yes"
