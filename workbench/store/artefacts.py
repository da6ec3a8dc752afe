"""Find or download a model's artefacts and verify them against the catalogue."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
from rich.progress import Progress, TaskID

from ipc_ai_catalogue import ModelFile
from workbench.errors import FetchError, MismatchError

_CHUNK_BYTES = 1024 * 1024
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_ELSEWHERE = "name a folder or another server that has the file with --from DIR|URL"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_from(folder: Path, file: ModelFile, target: Path) -> None:
    """Copy the artefact from any place below ``folder`` to ``target``.

    With a known sha256 the content decides, not the file's name; without one the name decides.

    Raises:
        FetchError: it is missing, or only a file of its name with other content exists.
    """
    named = [path for path in _files(folder) if path.name == Path(file.name).name]
    if file.sha256 is None:
        # Several models may have files of the same name; the folder in the catalogue's name distinguishes them.
        exact = [path for path in named if path.as_posix().endswith(f"/{file.name}")]
        chosen = exact or named
        if len(chosen) != 1:
            found = f"{len(chosen)} files of that name" if chosen else "no file of that name"
            raise FetchError(f"{file.name}: {found} below {folder}")
        shutil.copyfile(chosen[0], target)
        return
    # Files of the right name come first, then those of the right kind, because usually no other has to be read.
    others = [path for path in _files(folder) if path not in named]
    others.sort(key=lambda path: path.suffix != Path(file.name).suffix)
    for path in (*named, *others):
        if sha256(path) == file.sha256:
            shutil.copyfile(path, target)
            return
    if named:
        raise FetchError(
            f"{named[0]} is not the {file.name} of the catalogue: its sha256 is {sha256(named[0])}, "
            f"expected {file.sha256}"
        )
    raise FetchError(f"no file below {folder} has the sha256 of {file.name}, {file.sha256}")


def download(file: ModelFile, target: Path, progress: Progress) -> None:
    """Download the artefact to ``target``; a partial download there is continued.

    Raises:
        MismatchError: the source sends other content.
        FetchError: it has no public source, or the source fails.
    """
    if file.url is None:
        raise FetchError(f"{file.name} has no public source; give a folder that holds it with --from DIR")
    if file.sha256 is None:
        target.unlink(missing_ok=True)  # without a hash two halves of different files would go unnoticed
    task = progress.add_task(file.name, total=None)
    have = target.stat().st_size if target.exists() else 0
    timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with httpx.stream("GET", file.url, headers=headers, timeout=timeout, follow_redirects=True) as response:
            if response.status_code != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:  # else it is complete
                response.raise_for_status()
                _write(response, target, have, progress, task)
    except httpx.HTTPStatusError as error:
        raise FetchError(
            f"cannot download {file.url}: the server answered {error.response.status_code}; {_ELSEWHERE}"
        ) from error
    except (httpx.HTTPError, OSError) as error:
        raise FetchError(
            f"cannot download {file.url}: {error}; call fetch again to continue, or {_ELSEWHERE}"
        ) from error
    if file.sha256 is not None and (found := sha256(target)) != file.sha256:
        raise MismatchError(f"{file.url} sent another file: its sha256 is {found}, expected {file.sha256}")


def _write(response: httpx.Response, target: Path, have: int, progress: Progress, task: TaskID) -> None:
    continued = response.status_code == httpx.codes.PARTIAL_CONTENT
    start = have if continued else 0
    length = response.headers.get("Content-Length")
    progress.update(task, completed=start, total=start + int(length) if length else None)
    with target.open("ab" if continued else "wb") as file:
        for chunk in response.iter_bytes(_CHUNK_BYTES):
            file.write(chunk)
            progress.advance(task, len(chunk))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
