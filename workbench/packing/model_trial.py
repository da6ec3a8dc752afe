"""Trial of a model.tar.gz: the container's own program runs it here, and answers one sample."""

from __future__ import annotations

import base64
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from ipc_ai_catalogue import FACE_COMPARISON
from workbench.camera import sending as camera
from workbench.errors import PackageError, StartError
from workbench.local import model_data, serving_container
from workbench.packing.model_layout import ModelLayout

_TIMEOUT_SECONDS = 60  # SageMaker's limit for an answer
_JSON = "application/json"
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Sample:
    """Request of the trial: a body and its content type, and whether the operator named it."""

    body: bytes
    content_type: str
    is_named: bool


@dataclass(frozen=True)
class Trial:
    """Answer of the trial: content type, text or size, and duration in milliseconds."""

    content_type: str
    answer: str
    milliseconds: float


def sample(named: Path | None, content_type: str | None, *, photograph: Path, application: str) -> Sample:
    """Read the operator's sample, else a photograph of one person in the application's content type.

    Raises:
        PackageError: the named file cannot be read.
    """
    path = named or photograph
    try:
        body = path.read_bytes()
    except OSError as error:
        raise PackageError(f"cannot read {path}: {error.strerror}; name another with --sample FILE") from error
    if named is None and application == FACE_COMPARISON:
        image = base64.b64encode(body).decode()
        document = {"source_image_bytes": image, "target_image_bytes": image}
        return Sample(json.dumps(document).encode(), _JSON, is_named=False)
    return Sample(body, content_type or camera.media_type(path), is_named=named is not None)


def run(archive: Path, layout: ModelLayout, sent: Sample, *, model_store: Path) -> Trial:
    """Serve the archive as the endpoint would, and send the sample.

    Raises:
        PackageError: the program does not start, or refuses the sample; the message says why.
    """
    environment = {
        "APPLICATION_TYPE": layout.application,
        "MODEL_NAME": layout.model or "model",
        "OBJECT_DETECTION_MODEL_NAME": layout.model or "model",
        # One worker is enough for one sample, and starts soonest.
        "MODEL_SERVER_WORKERS": "1",
    }
    with tempfile.TemporaryDirectory(prefix="ipc-trial-") as logs:
        try:
            with (
                model_data.unpacked(archive, str(archive), region="us-east-1") as model_dir,
                serving_container.running(
                    environment,
                    service_environment={"AWS_EC2_METADATA_DISABLED": "true"},
                    model_dir=model_dir,
                    model_store=model_store,
                    log=Path(logs) / "serving.log",
                ) as (url, _),
            ):
                return _invoke(url, sent)
        except StartError as error:
            raise PackageError(f"{archive.name} does not serve: {error}") from error


def _invoke(url: str, sent: Sample) -> Trial:
    started = time.perf_counter()
    try:
        response = httpx.post(
            f"{url}/invocations",
            content=sent.body,
            headers={"Content-Type": sent.content_type},
            timeout=_TIMEOUT_SECONDS,
        )
    except httpx.HTTPError as error:
        raise PackageError(f"the model gives no answer to the sample: {error}") from error
    milliseconds = (time.perf_counter() - started) * 1000
    if not response.is_success:
        what = "the sample" if sent.is_named else "the photograph that is sent where no sample is named"
        advice = "" if sent.is_named else "; name one that it takes with --sample FILE, and --content-type TYPE"
        raise PackageError(f"the model does not answer {what}: {response.status_code} {_said(response)}{advice}")
    content_type = response.headers.get("Content-Type", "").split(";")[0]
    is_text = content_type == _JSON or content_type.startswith("text/")
    return Trial(content_type, response.text if is_text else f"{len(response.content)} bytes", milliseconds)


def _said(response: httpx.Response) -> str:
    """Message of an error in the service's JSON shape, else the beginning of the body."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.text[:_SHOWN_CHARACTERS]
