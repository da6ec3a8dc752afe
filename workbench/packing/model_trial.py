"""Trial of a model.tar.gz: the container's program serves it here in the image's packages, and answers a sample."""

from __future__ import annotations

import base64
import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from ipc_ai_catalogue import CUSTOM, FACE_COMPARISON
from workbench.camera import sending as camera
from workbench.errors import PackageError, StartError
from workbench.local.child_process import ChildProcess
from workbench.local.container import image_system, missing_modules, model_data, serving_container
from workbench.local.owned_folder import owned_folder
from workbench.packing import model_answer, written_files
from workbench.packing.model_layout import ModelLayout

_TIMEOUT_SECONDS = 60  # SageMaker's limit for an answer
_JSON = "application/json"
_PHOTOGRAPH = "the photograph that is sent where no sample is named"
_SHOWN_CHARACTERS = 200
_MORE, _MORE_IF_SLOW, _AT_ONCE = 7, 2, 4


@dataclass(frozen=True)
class Sample:
    """Request of the trial: a body and its content type, how messages call it, and whether the operator named it."""

    body: bytes
    content_type: str
    called: str
    is_named: bool = False


@dataclass(frozen=True)
class NotTried:
    """Reason for which an archive was not served here."""

    reason: str


@dataclass(frozen=True)
class Trial:
    """Answer of the trial: content type, text or size, duration in milliseconds, and if a detector found something."""

    content_type: str
    answer: str
    milliseconds: float
    found: bool = True


def sample(named: Path | None, content_type: str | None, *, photograph: Path, layout: ModelLayout) -> Sample:
    """Read the operator's sample; else a photograph of one person as the application takes it, or a row of a table.

    Raises:
        PackageError: the named file cannot be read.
    """
    if named is None and layout.table is not None:
        return Sample(json.dumps(layout.table.row).encode(), _JSON, "the row that is sent where no sample is named")
    path = named or photograph
    try:
        body = path.read_bytes()
    except OSError as error:
        raise PackageError(f"cannot read {path}: {error.strerror}; name another with --sample FILE") from error
    if named is None and layout.application == FACE_COMPARISON:
        image = base64.b64encode(body).decode()
        document = {"source_image_bytes": image, "target_image_bytes": image}
        return Sample(json.dumps(document).encode(), _JSON, _PHOTOGRAPH)
    kind = content_type or camera.media_type(path)
    return Sample(body, kind, "the sample" if named else _PHOTOGRAPH, is_named=named is not None)


def run(archive: Path, layout: ModelLayout, sent: Sample, *, model_store: Path) -> Trial:
    """Serve the archive as the endpoint would, and send the sample.

    Raises:
        PackageError: the program does not start, refuses the sample, or answers what cannot be right; the message says
            why, and names the log, which is kept beside the archive then.
    """
    log = archive.with_name(f"{archive.name.removesuffix('.gz').removesuffix('.tar')}.log")
    log.unlink(missing_ok=True)
    try:
        trial = _run(archive, layout, sent, model_store=model_store, log=log)
    except PackageError as error:
        raise PackageError(f"{log} has the log; {error}" if log.exists() else str(error)) from error
    log.unlink()
    return trial


def _run(archive: Path, layout: ModelLayout, sent: Sample, *, model_store: Path, log: Path) -> Trial:
    environment = {
        "APPLICATION_TYPE": layout.application,
        "MODEL_NAME": layout.model or "model",
        "OBJECT_DETECTION_MODEL_NAME": layout.model or "model",
        # One worker is enough for a few samples, and starts soonest.
        "MODEL_SERVER_WORKERS": "1",
    }
    try:
        with ExitStack() as trial:
            model_dir = trial.enter_context(model_data.unpacked(archive, str(archive), region="us-east-1"))
            assert model_dir is not None  # because a path is given
            work = trial.enter_context(owned_folder("ipc-trial-")) / "work"
            trial.enter_context(written_files.refused(model_dir, work=work))
            running = serving_container.running(
                environment,
                service_environment={"AWS_EC2_METADATA_DISABLED": "true"},
                model_dir=model_dir,
                model_store=model_store,
                log=log,
                work=work,
            )
            url, program = trial.enter_context(running)
            response = _invoke(url, sent)
            if not response.is_success:
                raise PackageError(_refusal(response, sent, program, model_dir / "code"))
            found = model_answer.check(layout.application, response)
            _check_again(url, sent, slow=response.elapsed.total_seconds() > 1)
            if layout.application == CUSTOM:
                _check_libraries(program, model_dir)
            return dataclasses.replace(_trial(response), found=found)
    except StartError as error:
        raise PackageError(f"{archive.name} does not serve: {error}") from error


def _invoke(url: str, sent: Sample) -> httpx.Response:
    try:
        return httpx.post(
            f"{url}/invocations",
            content=sent.body,
            headers={"Content-Type": sent.content_type},
            timeout=_TIMEOUT_SECONDS,
        )
    except httpx.HTTPError as error:
        raise PackageError(f"the model gives no answer to the sample: {error}") from error


def _check_again(url: str, sent: Sample, *, slow: bool) -> None:
    """Send the sample some more times, several at once: a program may answer its first request alone.

    Raises:
        PackageError: one of them got no answer.
    """
    count = _MORE_IF_SLOW if slow else _MORE
    with ThreadPoolExecutor(_AT_ONCE) as senders:
        responses = list(senders.map(lambda _: _invoke(url, sent), range(count)))
    failed = [response for response in responses if not response.is_success]
    if failed:
        raise PackageError(
            f"the model answers the first request, and {len(failed)} of {count} more, up to {_AT_ONCE} at once, get "
            f"{failed[0].status_code} {_said(failed[0])}"
        )


def _check_libraries(program: ChildProcess, model_dir: Path) -> None:
    """Check that the model uses no library of this machine that the image lacks.

    Raises:
        PackageError: it does.
    """
    foreign = image_system.foreign_libraries(program.pid, own=[model_dir])
    if foreign:
        raise PackageError(
            f"the model uses {', '.join(foreign)} of this machine, which the image lacks; name a package that needs "
            "none in code/requirements.txt (opencv-python-headless is in the image), or build an image with it"
        )


def _trial(response: httpx.Response) -> Trial:
    content_type = response.headers.get("Content-Type", "").split(";")[0]
    is_text = content_type == _JSON or content_type.startswith("text/")
    milliseconds = response.elapsed.total_seconds() * 1000
    return Trial(content_type, response.text if is_text else f"{len(response.content)} bytes", milliseconds)


def _refusal(response: httpx.Response, sent: Sample, program: ChildProcess, code: Path) -> str:
    """Message about an error: what was raised or said, and what to change."""
    raised = serving_container.error_in_log(program) if response.is_server_error else None
    said = f"the model does not answer {sent.called}: {response.status_code} {raised or _said(response)}"
    advised = missing_modules.with_advice(said, code) if raised else said
    if advised != said or sent.is_named:
        return advised
    return f"{said}; name one that it takes with --sample FILE, and --content-type TYPE"


def _said(response: httpx.Response) -> str:
    """Message of an error in the service's JSON shape, else the beginning of the body."""
    try:
        said = str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        said = response.text[:_SHOWN_CHARACTERS]
    return " ".join(said.split())
