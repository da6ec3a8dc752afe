"""Batch transform jobs of SageMaker: both models answer all frames at once, and their answers are read from S3.

A job sends each object of a manifest to ``/invocations`` of the container and writes the answer beside its key, with
``.out`` behind it: https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from workbench.benchmarking.variants import Variant
from workbench.comparison import transform_container
from workbench.comparison.events import Place
from workbench.comparison.frames import Frame
from workbench.comparison.running import Run
from workbench.comparison.transform_container import Container
from workbench.deployment.account import REFUSALS, Account, saying_in_one_sentence
from workbench.errors import ComparisonError

_POLL_SECONDS = 10.0
_ENDED = frozenset({"Completed", "Failed", "Stopped"})
_PAYLOAD_MB = 6  # the container's own limit of a body
_TIMEOUT_SECONDS, _RETRIES = 60, 3
_AT_ONCE = 10  # boto3 keeps up to 10 connections open
_OUT = ".out"
_MOST_DELETED = 1000  # objects in one call of DeleteObjects


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that has ended: its name, its seconds with the container's start, and why it failed, if it did."""

    name: str
    seconds: float
    failure: str


def run(
    account: Account,
    variants: Sequence[Variant],
    frames: Sequence[Frame],
    where: Place,
    *,
    container: Container,
    role: str,
    bucket: str,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
) -> list[tuple[Run, Job]]:
    """Start a job for each model, wait for all of them, and read their answers.

    Nothing is left at the end but the models' archives: SageMaker's models, manifest and answers are deleted, and jobs
    that still run are stopped.

    Args:
        account: account and region.
        variants: the models.
        frames: the objects.
        where: their bucket.
        container: what the models run in.
        role: ARN of the role that SageMaker takes on.
        bucket: bucket for archives, manifest and answers.
        progress: shows the state of the jobs.
        sleep: waits between two looks at the jobs.

    Raises:
        AccountError: AWS refuses.
        ComparisonError: a job failed without an answer.
    """
    unique = f"compare-models-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    place = Place(bucket, f"{unique}/")
    names = [f"{unique}-{number}" for number in range(1, len(variants) + 1)]
    s3, sagemaker = account.client("s3"), account.client("sagemaker")
    with ExitStack() as left:
        left.callback(_delete_objects, s3, place)
        running: set[str] = set()
        manifest = f"{place.prefix}frames.manifest"
        with saying_in_one_sentence():
            s3.put_object(Bucket=bucket, Key=manifest, Body=_manifest(frames, where))
        progress.stop()  # the uploads show their own
        for name, variant in zip(names, variants, strict=True):
            transform_container.create_model(account, name, variant, container, role=role, bucket=bucket)
            left.callback(_quietly, sagemaker.delete_model, ModelName=name)
            with saying_in_one_sentence():
                sagemaker.create_transform_job(**_request(name, place, manifest, container))
            running.add(name)
            left.callback(_stop, sagemaker, name, running)
        progress.start()
        jobs = _wait(sagemaker, names, running, progress, sleep)
        runs = [_answers(s3, _answers_of(place, job.name), frames, job) for job in jobs]
    return list(zip(runs, jobs, strict=True))


def _manifest(frames: Sequence[Frame], where: Place) -> bytes:
    """Names of objects relative to the first entry's prefix, the bucket."""
    return json.dumps([{"prefix": f"s3://{where.bucket}/"}, *(frame.name for frame in frames)]).encode()


def _request(name: str, place: Place, manifest: str, container: Container) -> dict[str, Any]:
    """Request for CreateTransformJob; the container says how many requests it takes at once."""
    source = {"S3DataType": "ManifestFile", "S3Uri": f"s3://{place.bucket}/{manifest}"}
    return {
        "TransformJobName": name,
        "ModelName": name,
        "BatchStrategy": "SingleRecord",
        "MaxPayloadInMB": _PAYLOAD_MB,
        "ModelClientConfig": {
            "InvocationsTimeoutInSeconds": _TIMEOUT_SECONDS,
            "InvocationsMaxRetries": _RETRIES,
        },
        # The container looks at the first bytes, so that this holds for frames of all formats.
        "TransformInput": {
            "DataSource": {"S3DataSource": source},
            "ContentType": "image/jpeg",
            "CompressionType": "None",
            "SplitType": "None",
        },
        "TransformOutput": {
            "S3OutputPath": str(_answers_of(place, name)),
            "Accept": "application/json",
            "AssembleWith": "None",
            **({"KmsKeyId": container.key} if container.key else {}),
        },
        "TransformResources": {"InstanceType": container.instance, "InstanceCount": 1},
    }


def _answers_of(place: Place, job: str) -> Place:
    return Place(place.bucket, f"{place.prefix}{job}/")


def _wait(
    sagemaker: Any, names: Sequence[str], running: set[str], progress: Progress, sleep: Callable[[float], None]
) -> list[Job]:
    """Wait until all jobs have ended, with the status of each on a line; those that ended run no longer."""
    ended: dict[str, dict[str, Any]] = {}
    tasks = {name: progress.add_task(name, total=1) for name in names}
    while True:
        for name in sorted(running):
            with saying_in_one_sentence():
                described = sagemaker.describe_transform_job(TransformJobName=name)
            status = described["TransformJobStatus"]
            progress.update(tasks[name], description=f"{name}: {status}", completed=int(status in _ENDED))
            if status in _ENDED:
                ended[name] = described
                running.discard(name)
        if not running:
            return [_job(name, ended[name]) for name in names]
        sleep(_POLL_SECONDS)


def _job(name: str, described: dict[str, Any]) -> Job:
    status = described["TransformJobStatus"]
    reason = described.get("FailureReason") or "SageMaker gives no reason"
    begun, ended = (described.get(f"Transform{when}Time") for when in ("Start", "End"))
    return Job(
        name=name,
        seconds=(ended - begun).total_seconds() if begun and ended else 0.0,
        failure="" if status == "Completed" else f"the job {name} ended as {status}: {reason}",
    )


def _answers(s3: Any, place: Place, frames: Sequence[Frame], job: Job) -> Run:
    """Answers of a job by frame.

    Raises:
        ComparisonError: there is none.
    """
    with saying_in_one_sentence(), ThreadPoolExecutor(_AT_ONCE) as pool:
        keys = [key for key in _keys(s3, place) if key.endswith(_OUT)]
        bodies = pool.map(lambda key: s3.get_object(Bucket=place.bucket, Key=key)["Body"].read(), keys)
        by_name = {
            key.removeprefix(place.prefix).removesuffix(_OUT): body for key, body in zip(keys, bodies, strict=True)
        }
    if not by_name:
        raise ComparisonError(job.failure or f"the job {job.name} left no answer in {place}")
    found = Run()
    for frame in frames:
        named = next((name for name in _endings(frame.name) if name in by_name), None)
        if named is None:
            found.refused[frame] = job.failure or f"the job {job.name} left no answer"
        else:
            found.answers[frame] = by_name.pop(named)
    return found


def _endings(key: str) -> Iterator[str]:
    """The key, and its ends from each slash on: where below its path a job writes is only shown by AWS's examples."""
    parts = key.split("/")
    return ("/".join(parts[number:]) for number in range(len(parts)))


def _keys(s3: Any, place: Place) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _delete_objects(s3: Any, place: Place) -> None:
    with suppress(*REFUSALS):
        keys = _keys(s3, place)
        for batch in _batches(keys, _MOST_DELETED):
            s3.delete_objects(Bucket=place.bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True})


def _batches(keys: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _stop(sagemaker: Any, name: str, running: set[str]) -> None:
    if name in running:
        _quietly(sagemaker.stop_transform_job, TransformJobName=name)


def _quietly(call: Callable[..., Any], **named: str) -> None:
    """Call what may fail without harm, at the end of a comparison that has its result or its error already."""
    with suppress(*REFUSALS):
        call(**named)
