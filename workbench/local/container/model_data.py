"""Model data unpacked as by SageMaker: from S3, or from a path of this machine in place of the S3 object."""

from __future__ import annotations

import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from workbench import typed
from workbench.errors import StartError
from workbench.local.owned_folder import owned_folder

PARAMETER = "modelDataUrl"
_SCHEME = "s3://"
_PIECE = 1 << 20
_STAND_IN = "s3://local-model-data/model.tar.gz"
_REFUSALS = {
    "403": "your credentials may not read it, or it does not exist; they need s3:GetObject on it",
    "404": "there is no such object; check bucket and key",
}


def stand_in(given: Mapping[str, str]) -> tuple[dict[str, str], Path | None]:
    """Replace a path of this machine in the parameters, because the template accepts S3 URLs only.

    Returns:
        The parameters with an S3 URL in its place, and the path; unchanged parameters and None without a path.

    Raises:
        StartError: the path does not exist.
    """
    named = given.get(PARAMETER, "")
    if not named or named.startswith(_SCHEME):
        return dict(given), None
    if not Path(named).exists():
        raise StartError(
            f"there is no {named}; give {PARAMETER} a model.tar.gz or folder of this machine, or an S3 URL"
        )
    return {**given, PARAMETER: _STAND_IN}, Path(named)


@contextmanager
def unpacked(here: Path | None, url: str | None, *, region: str) -> Iterator[Path | None]:
    """Provide the folder that stands for /opt/ml/model; None without model data.

    Args:
        here: a model.tar.gz or a folder of this machine in place of the S3 object, or None.
        url: the S3 object, or None.
        region: the region of its bucket.

    Raises:
        StartError: no such file or object, or not a tar.gz.
    """
    if url is None:
        yield None
    elif here is not None and here.is_dir():
        yield here.resolve()
    else:
        with owned_folder("ipc-model-") as owned:
            folder = owned / "model"
            folder.mkdir()
            if here is not None:
                _unpack(here, folder, str(here))
            else:
                with tempfile.NamedTemporaryFile(prefix="ipc-model-", suffix=".tar.gz") as archive:
                    _download(url, Path(archive.name), region)
                    _unpack(Path(archive.name), folder, url)
            folder.chmod(0o755)  # the container runs as another user
            yield folder


def _unpack(archive: Path, folder: Path, name: str) -> None:
    # For folders that the archive has no entry of, as SageMaker makes them; a file keeps the archive's mode.
    before = os.umask(0o022)
    try:
        with tarfile.open(archive, "r:gz") as packed:
            packed.extractall(folder, filter="data")
            read_to_end(packed)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise StartError(
            f"{name} is not a model.tar.gz that can be unpacked: {error}; SageMaker takes gzip alone, and "
            f"'{typed.command('package', 'PATH')}' makes one of any archive or folder"
        ) from error
    finally:
        os.umask(before)


def read_to_end(packed: tarfile.TarFile) -> None:
    """Read behind the end of a tar, where gzip has its checksum, by which damage to the files before shows.

    Raises:
        OSError: the checksum is wrong, or something else lies behind it.
        EOFError: it is cut off.
    """
    assert packed.fileobj is not None  # it is open
    while packed.fileobj.read(_PIECE):
        pass


def _download(url: str, target: Path, region: str) -> None:
    bucket, _, key = url.removeprefix(_SCHEME).partition("/")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        client = boto3.Session(region_name=region).client("s3")
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task(url, total=client.head_object(Bucket=bucket, Key=key)["ContentLength"])
            client.download_file(bucket, key, str(target), Callback=lambda count: progress.advance(task, count))
    except NoCredentialsError as error:
        raise StartError(
            f"{url} cannot be downloaded without AWS credentials; set AWS_PROFILE, or give {PARAMETER} a path of this "
            "machine"
        ) from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise StartError(f"{url} cannot be downloaded: {_REFUSALS.get(code, error)}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise StartError(f"{url} cannot be downloaded: {error}") from error
