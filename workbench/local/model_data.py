"""model.tar.gz, unpacked as SageMaker unpacks it; a path of this machine stands for the S3 object."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import StartError

PARAMETER = "modelDataUrl"
_STAND_IN = "s3://local-model-data/model.tar.gz"


def stand_in(given: Mapping[str, str]) -> tuple[dict[str, str], Path | None]:
    """Takes a path of this machine out of the parameters.

    Returns:
        The parameters with an S3 URL in its place, as the template wants it, and the path; or as they were.
    """
    named = given.get(PARAMETER, "")
    if not named or named.startswith("s3://"):
        return dict(given), None
    return {**given, PARAMETER: _STAND_IN}, Path(named)


@contextmanager
def unpacked(archive: Path | None, url: str | None) -> Iterator[Path | None]:
    """The folder that stands for /opt/ml/model; None without model data.

    Raises:
        StartError: no such file, or not a tar.gz.
    """
    if url is None:
        yield None
        return
    if archive is None:
        raise StartError(f"{url} cannot be read here; give {PARAMETER} the path of the model.tar.gz on this machine")
    with tempfile.TemporaryDirectory(prefix="ipc-model-") as folder:
        try:
            with tarfile.open(archive, "r:gz") as packed:
                packed.extractall(folder, filter="data")
        except (OSError, tarfile.TarError) as error:
            raise StartError(f"{archive} is not a model.tar.gz that can be unpacked: {error}") from error
        yield Path(folder)
