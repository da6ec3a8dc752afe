"""Upload of a model.tar.gz to S3: in parts, with a progress bar, and with its SHA-256 beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from workbench.deployment.account import saying_in_one_sentence
from workbench.errors import AccountError, PackageError
from workbench.store.artefacts import sha256

NAME = "model.tar.gz"
_URL = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.*)")
_METADATA = "sha256"


def content_url(bucket: str, digest: str, *, prefix: str = "models/") -> str:
    """URL of an archive by its content: new content gets a new URL, so that CloudFormation sees an update."""
    return f"s3://{bucket}/{prefix}{digest}/{NAME}"


def target_url(named: str, digest: str) -> str:
    """Resolve ``--upload`` to the URL of an object; one that ends in a slash gets a key from the content.

    Raises:
        PackageError: it is no URL of an object in S3.
    """
    match = _URL.fullmatch(named)
    if match is None:
        raise PackageError(f"'{named}' is not s3://BUCKET/KEY; write for example s3://my-models/gate/")
    if not match["key"] or match["key"].endswith("/"):
        return content_url(match["bucket"], digest, prefix=match["key"])
    return named


def upload(client: Any, archive: Path, url: str) -> bool:
    """Upload the archive, unless the same content is there already.

    Args:
        client: client of S3.
        archive: the file.
        url: the object, ``s3://BUCKET/KEY``.

    Returns:
        True when something was uploaded.

    Raises:
        AccountError: S3 refuses it.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    digest = sha256(archive)
    with saying_in_one_sentence():
        if _is_there(client, bucket, key, digest):
            return False
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task(url, total=archive.stat().st_size)
            try:
                client.upload_file(
                    str(archive),
                    bucket,
                    key,
                    ExtraArgs={"Metadata": {_METADATA: digest}, "ContentType": "application/gzip"},
                    Callback=lambda count: progress.advance(task, count),
                )
            except S3UploadFailedError as error:
                # boto3 hides S3's error in the cause of its own, or only in its text.
                if isinstance(error.__context__, ClientError):
                    raise error.__context__ from error
                raise AccountError(f"{url} cannot be uploaded: {error}; call it again") from error
    return True


def _is_there(client: Any, bucket: str, key: str, digest: str) -> bool:
    try:
        head = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        # Without permission to list the bucket a missing object gives 403, too; the upload shows which it is.
        if error.response["Error"]["Code"] in {"404", "403", "NoSuchKey", "AccessDenied"}:
            return False
        raise
    return bool(head["Metadata"].get(_METADATA) == digest)
