"""Frames of the events bucket: a sample of their keys, found with as few listings as it needs, and their bodies.

Events lie below ``events/dt=YYYY-MM-DD/camera=ID/REQUEST/`` (``inference_api/events/event_keys.py``), and REQUEST is
random. So the first thousand keys of a camera's day are a random sample of its hours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from workbench.comparison.frames import Frame, camera_of, in_turns, is_frame, shuffled, spread
from workbench.deployment.account import saying_in_one_sentence
from workbench.errors import AccountError, ComparisonError

_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?", re.DOTALL)
_AT_ONCE = 10  # boto3 keeps up to 10 connections open
_MOST_DAYS = 60
"""Most days whose cameras are listed; further apart they are chosen evenly."""
_GONE = frozenset({"NoSuchKey", "404", "InvalidObjectState"})
"""Codes of a frame that was deleted or archived after it was listed."""


@dataclass(frozen=True)
class Place:
    """A bucket and the beginning of keys in it."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def place(text: str) -> Place:
    """Parse ``s3://BUCKET`` or ``s3://BUCKET/PREFIX``.

    Raises:
        ComparisonError: it is no such URI.
    """
    match = _URI.fullmatch(text)
    if match is None:
        raise ComparisonError(f"'{text}' is not s3://BUCKET/PREFIX; write for example s3://my-events/events/")
    return Place(match["bucket"], match["prefix"] or "")


def sample(client: Any, where: Place, *, count: int, seed: int) -> list[Frame]:
    """Choose frames below a place, spread over cameras and over the hours of each.

    Args:
        client: client of S3.
        where: the bucket, and the beginning of the keys.
        count: most frames to choose.
        seed: the same seed chooses the same frames of the same bucket.

    Raises:
        AccountError: S3 refuses to list the bucket.
        ComparisonError: there are no frames.
    """
    listing = _Listing(client, where.bucket)
    with _saying_what_is_needed(f"s3:ListBucket on {where.bucket}"), ThreadPoolExecutor(_AT_ONCE) as pool:
        folders = _folders(listing, where.prefix, pool) or [where.prefix]
        found = _enough(listing, _cameras_in_turns(folders, seed), count, pool)
        if not found and folders != [where.prefix]:
            found = _enough(listing, [where.prefix], count, pool)
    if not found:
        raise ComparisonError(
            f"{where} has no frames; events keep them with saveRequestEvents=Yes, below s3://BUCKET/events/"
        )
    return spread(found, count, seed=seed)


def fetch(
    client: Any, where: Place, frames: Iterable[Frame], folder: Path, *, done: Callable[[], None] = lambda: None
) -> dict[Frame, Path]:
    """Download frames, several at once.

    Args:
        client: client of S3.
        where: the bucket.
        frames: what to download.
        folder: where files go.
        done: is told of every frame.

    Returns:
        Files by frame, without frames that are gone meanwhile.

    Raises:
        AccountError: S3 refuses one.
    """

    def one(numbered: tuple[int, Frame]) -> tuple[Frame, Path] | None:
        number, frame = numbered
        path = folder / f"{number}{PurePosixPath(frame.name).suffix.lower()}"
        try:
            path.write_bytes(client.get_object(Bucket=where.bucket, Key=frame.name)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return None
        finally:
            done()
        return frame, path

    needed = f"s3:GetObject on the frames, and kms:Decrypt where {where.bucket} is encrypted with a key of yours"
    with _saying_what_is_needed(needed), ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            return dict(filter(None, pool.map(one, enumerate(frames))))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _Listing:
    """Listings of one bucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def folders(self, prefix: str) -> list[str]:
        """Beginnings of keys below a prefix, up to the next slash, which they include."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]

    def frames(self, prefix: str) -> Iterator[list[Frame]]:
        """Frames below a prefix, a thousand keys at a time."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            yield [
                Frame(key, camera_of(key), f"{entry['LastModified'].astimezone(UTC):%H}")
                for entry in page.get("Contents", [])
                if is_frame(key := entry["Key"])
            ]


def _folders(listing: _Listing, prefix: str, pool: ThreadPoolExecutor) -> list[str]:
    """Folders of a camera's day below a prefix; in a bucket of another layout those at the top, if there are any."""
    if prefix and not prefix.endswith("/"):  # camera=gate-1 means that camera, and not gate-10, too
        found = listing.folders(prefix)
        if f"{prefix}/" in found:
            return _folders(listing, f"{prefix}/", pool)
    elif "camera=" in prefix:
        return [prefix]
    else:
        found = listing.folders(prefix)
    if f"{prefix}events/" in found:
        return _folders(listing, f"{prefix}events/", pool)
    days = _evenly([folder for folder in found if _last(folder).startswith("dt=")], _MOST_DAYS)
    return [folder for folders in pool.map(listing.folders, days) for folder in folders] if days else found


def _enough(listing: _Listing, folders: list[str], count: int, pool: ThreadPoolExecutor) -> list[Frame]:
    """Frames of the first folders, a listing each; further listings and folders only while they are too few."""
    found: list[Frame] = []
    waiting = [listing.frames(folder) for folder in folders]
    begun: list[Iterator[list[Frame]]] = []
    while len(found) < count and (begun or waiting):
        begun, waiting = begun + waiting[:count], waiting[count:]
        pages = list(pool.map(lambda pages: next(pages, None), begun))
        found += [frame for page in pages for frame in page or []]
        begun = [each for each, page in zip(begun, pages, strict=True) if page is not None]
    return found


def _cameras_in_turns(folders: list[str], seed: int) -> list[str]:
    """Folders of each camera in turns, so that the first ones are of as many cameras as there are."""
    cameras: dict[str, list[str]] = {}
    for folder in shuffled(folders, seed):
        cameras.setdefault(camera_of(f"{folder}frame"), []).append(folder)
    return list(in_turns(cameras.values()))


def _evenly(items: list[str], most: int) -> list[str]:
    if len(items) <= most:
        return items
    return [items[number * (len(items) - 1) // (most - 1)] for number in range(most)]


def _last(folder: str) -> str:
    return PurePosixPath(folder).name


@contextmanager
def _saying_what_is_needed(permissions: str) -> Iterator[None]:
    """Add the permissions that the operator needs to a refusal of access."""
    try:
        with saying_in_one_sentence():
            yield
    except AccountError as error:
        if "AccessDenied" not in str(error) and "KMS" not in str(error):
            raise
        raise AccountError(f"{error}; you need {permissions}") from error
