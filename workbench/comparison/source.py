"""Source of frames: a folder, or a place in S3 with the account that may read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.comparison import events, frames
from workbench.comparison.events import Place
from workbench.comparison.frames import Frame
from workbench.deployment.account import Account

Fetch = Callable[[Sequence[Frame], Callable[[], None]], dict[Frame, Path]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Chosen frames, and the way to their files.

    Attributes:
        name: what the operator named.
        chosen: the sample.
        fetch: gives files by frame, without those that are gone meanwhile; it tells a function of every frame.
        region: region of the bucket, or of the prices.
        place: the place in S3; None for a folder.
        account: the account that reads it; likewise.
    """

    name: str
    chosen: Sequence[Frame]
    fetch: Fetch
    region: str
    place: Place | None = None
    account: Account | None = None


def of_folder(folder: Path, *, count: int, seed: int, region: str) -> Source:
    """Choose frames of a folder.

    Raises:
        ComparisonError: it has none.
    """

    def fetch(wanted: Sequence[Frame], done: Callable[[], None]) -> dict[Frame, Path]:
        for _ in wanted:
            done()
        return {frame: folder / frame.name for frame in wanted}

    chosen = frames.spread(frames.of_folder(folder), count, seed=seed)
    return Source(name=str(folder), chosen=chosen, fetch=fetch, region=region)


def of_events(place: Place, account: Account, *, count: int, seed: int, work: Path) -> Source:
    """Choose frames of a place in S3.

    Args:
        place: bucket and prefix.
        account: the account, whose client reads it.
        count: most frames.
        seed: the same seed chooses the same frames.
        work: folder for the files.

    Raises:
        AccountError: S3 refuses.
        ComparisonError: there are none.
    """
    client = account.client("s3")

    def fetch(wanted: Sequence[Frame], done: Callable[[], None]) -> dict[Frame, Path]:
        return events.fetch(client, place, wanted, work, done=done)

    chosen = events.sample(client, place, count=count, seed=seed)
    return Source(name=str(place), chosen=chosen, fetch=fetch, region=account.region, place=place, account=account)
