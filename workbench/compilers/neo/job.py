"""A compilation job of SageMaker: its archive, its start, the wait for its end, and its result."""

from __future__ import annotations

import gzip
import secrets
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from workbench.deployment.account import Account, saying_in_one_sentence
from workbench.errors import NeoError

_SCHEME = "s3://"
_LONGEST_NAME = 63
_MAX_RUNTIME_SECONDS = 3600  # a job takes minutes; TensorRT tries many kernels
_POLL_SECONDS = 10.0
_ENDED = frozenset({"COMPLETED", "FAILED", "STOPPED"})
ARCHIVE = "model.tar.gz"


@dataclass(frozen=True)
class Place:
    """A bucket and a prefix, empty or with a slash at its end."""

    bucket: str
    prefix: str

    def uri(self, key: str = "") -> str:
        """URI of a key in the form that SageMaker takes."""
        return f"{_SCHEME}{self.bucket}/{self.prefix}{key}"

    def below(self, name: str) -> Place:
        """Place of a folder below this one."""
        return Place(self.bucket, f"{self.prefix}{name}/")


def place(text: str | None) -> Place:
    """Parse ``s3://BUCKET/PREFIX``.

    Raises:
        NeoError: the text is no such URI.
    """
    bucket, _, prefix = (text or "").removeprefix(_SCHEME).partition("/")
    if not (text or "").startswith(_SCHEME) or not bucket:
        raise NeoError("Neo reads and writes S3; name a place there with --output s3://BUCKET/PREFIX")
    return Place(bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else "")


def new_name(model: str, target: str) -> str:
    """Unique name for a job, as SageMaker requires."""
    unique = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    said = "-".join("".join(c if c.isalnum() and c.isascii() else "-" for c in f"{model}-{target}").split("-"))
    while "--" in said:
        said = said.replace("--", "-")
    return f"{said.strip('-')[: _LONGEST_NAME - len(unique) - 1].strip('-')}-{unique}"


def request(
    name: str,
    *,
    role: str,
    where: Place,
    framework: Mapping[str, str],
    data_input: str,
    output_config: Mapping[str, Any],
) -> dict[str, Any]:
    """Request for CreateCompilationJob.

    Args:
        name: the job's.
        role: ARN of the role that SageMaker assumes.
        where: the job's own place; the archive goes to ``input/`` there, the result to ``output/``.
        framework: ``Framework``, and perhaps ``FrameworkVersion``.
        data_input: names and shapes of the inputs, as JSON.
        output_config: the target.
    """
    return {
        "CompilationJobName": name,
        "RoleArn": role,
        "InputConfig": {"S3Uri": where.below("input").uri(ARCHIVE), "DataInputConfig": data_input, **framework},
        "OutputConfig": {"S3OutputLocation": where.below("output").uri(), **output_config},
        "StoppingCondition": {"MaxRuntimeInSeconds": _MAX_RUNTIME_SECONDS},
    }


def pack(files: Iterable[Path], archive: Path) -> None:
    """Pack the files at the archive's top, where Neo reads them; the same files give the same bytes."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as packed,
    ):
        for path in sorted(files, key=lambda each: each.name):
            entry = tarfile.TarInfo(path.name)
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as file:
                packed.addfile(entry, file)


def start(account: Account, asked: Mapping[str, Any], archive: Path, where: Place, console: Console) -> None:
    """Upload the archive to ``input/`` of the job's own place, and start the job.

    Raises:
        AccountError: AWS refuses.
        NeoError: the upload is interrupted.
    """
    key = where.below("input").prefix + ARCHIVE
    columns = (TextColumn(f"uploading {ARCHIVE}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True) as shown, saying_in_one_sentence():
        task = shown.add_task("", total=archive.stat().st_size)
        try:
            account.client("s3").upload_file(
                str(archive), where.bucket, key, Callback=lambda sent: shown.advance(task, sent)
            )
        except Boto3Error as error:
            raise NeoError(f"{archive.name} cannot be uploaded to {where.bucket}: {error}") from error
        account.client("sagemaker").create_compilation_job(**asked)


def wait(
    account: Account, name: str, console: Console, *, sleep: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Wait until the job has ended, with its status on one line.

    Returns:
        Its description.

    Raises:
        NeoError: it failed or was stopped.
    """
    client = account.client("sagemaker")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(f"{name}: asked", total=None)
        while True:
            with saying_in_one_sentence():
                described: dict[str, Any] = client.describe_compilation_job(CompilationJobName=name)
            status = described["CompilationJobStatus"]
            shown.update(task, description=f"{name}: {status}")
            if status in _ENDED:
                break
            sleep(_POLL_SECONDS)
    if status != "COMPLETED":
        reason = described.get("FailureReason") or "SageMaker gives no reason"
        raise NeoError(f"the job {name} ended as {status}: {reason}")
    return described


def fetch(account: Account, described: Mapping[str, Any], archive: Path) -> None:
    """Download the result of a job.

    Raises:
        NeoError: there is none.
    """
    found = place(described["ModelArtifacts"]["S3ModelArtifacts"])
    client = account.client("s3")
    with saying_in_one_sentence():
        listed = client.list_objects_v2(Bucket=found.bucket, Prefix=found.prefix.rstrip("/")).get("Contents", [])
        keys = [entry["Key"] for entry in listed if entry["Key"].endswith(".tar.gz")]
        if len(keys) != 1:
            raise NeoError(f"{found.uri()} holds {len(keys)} archives, where the job's one result should be")
        client.download_file(found.bucket, keys[0], str(archive))
