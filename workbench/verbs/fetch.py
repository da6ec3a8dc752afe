"""Put a catalogue model into the local store, from its public source, a folder or another web server."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import Model, ModelFile
from workbench import places
from workbench.errors import FetchError, MismatchError
from workbench.store.artefacts import copy_from, download, sha256

Files = Mapping[str, tuple[ModelFile, ...]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("model", help="a model of the catalogue, or DETECTOR+EMBEDDER")
    parser.add_argument(
        "--from", dest="source", metavar="DIR|URL", help="folder to search, or URL below which the files lie by name"
    )
    parser.add_argument("--application", help="only the artefacts of this application (default: all there are)")
    parser.add_argument("--store", type=Path, default=places.MODEL_STORE, help="folder of fetched models")


def run(arguments: argparse.Namespace) -> int:
    """Fetch every part of the model."""
    known = catalogue.load()
    if arguments.application is not None:
        known.application(arguments.application)
    source = _source(arguments.source)
    console = Console()
    for model in known.parts(arguments.model):
        if not model.all_files():
            console.print(f"{model.name} ships inside an installed package: nothing to fetch", highlight=False)
            continue
        folder = fetch(model, source, arguments.application, arguments.store)
        console.print(f"{model.name} is in {folder}", highlight=False, soft_wrap=True)
        if not model.licence.commercial_use:
            console.print(f"  licence {model.licence.spdx}: {model.licence.note}", highlight=False, soft_wrap=True)
    return 0


def _source(named: str | None) -> Path | str | None:
    """Resolve ``--from`` to a folder or a URL; None stands for the public sources."""
    if named is None or named.startswith(("http://", "https://")):
        return named
    if not Path(named).is_dir():
        raise FetchError(f"there is no folder {named}")
    return Path(named)


def fetch(model: Model, source: Path | str | None, application: str | None, store: Path) -> Path:
    """Put a model folder into the store: its artefacts and the ``model.json`` that describes them.

    ``source`` is a folder to search, a URL below which the files lie by name, or None for their public sources.

    The folder appears only when it is complete. Until then its parts lie in a hidden folder beside it, so that a
    broken download can be continued. A failure leaves nothing else behind.

    Returns:
        The model folder.

    Raises:
        FetchError: an artefact is unavailable, or differs from the catalogue's; or the store is no folder.
    """
    if application is not None and application not in model.applications:
        raise FetchError(f"{model.name} does not serve {application}; it serves {', '.join(model.applications)}")
    # Files of one application alone, or files shared by all.
    chosen = application is not None and application in model.files
    wanted = {name: files for name, files in model.files.items() if not chosen or name == application}
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(
            f"{store} cannot be a folder of models: {error.strerror}; name another with --store"
        ) from error
    downloads = not isinstance(source, Path)
    if downloads:
        building = store / f".{model.name}.partial"
        building.mkdir(exist_ok=True)
    else:
        building = Path(tempfile.mkdtemp(prefix=f".{model.name}.", dir=store))
        building.chmod(0o755)
    try:
        if isinstance(source, Path):
            fetched = _copy_all(wanted, source, building)
        else:
            fetched = _download_all(wanted, source, building)
    except MismatchError:
        shutil.rmtree(building)
        raise
    except FetchError:
        if not downloads or not any(path.is_file() for path in building.rglob("*")):
            shutil.rmtree(building)  # otherwise a download can be continued
        raise
    _describe(model, fetched, building)
    folder = store / model.name
    if folder.exists():
        shutil.rmtree(folder)
    building.rename(folder)
    return folder


def _download_all(wanted: Files, base: str | None, building: Path) -> Files:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        for file in (file for files in wanted.values() for file in files):
            target = building / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            url = file.url if base is None else f"{base.rstrip('/')}/{quote(file.name)}"
            download(dataclasses.replace(file, url=url), target, progress)
    return wanted


def _copy_all(wanted: Files, source: Path, building: Path) -> Files:
    """Copy the artefacts of every application that is complete in ``source``; one is enough."""
    copied: dict[str, tuple[ModelFile, ...]] = {}
    failures: list[FetchError] = []
    for application, files in wanted.items():
        try:
            for file in files:
                target = building / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                copy_from(source, file, target)
        except FetchError as error:
            failures.append(error)
            for file in files:
                (building / file.name).unlink(missing_ok=True)
        else:
            copied[application] = files
    if not copied:
        raise failures[0]
    return copied


def _describe(model: Model, fetched: Files, folder: Path) -> None:
    """Write ``model.json`` with the sha256 of the actual files, so that the folder needs no catalogue."""
    described = dataclasses.replace(
        model,
        files={
            application: tuple(dataclasses.replace(file, sha256=sha256(folder / file.name)) for file in files)
            for application, files in fetched.items()
        },
    )
    text = json.dumps(dataclasses.asdict(described), indent=2)
    (folder / "model.json").write_text(text + "\n", encoding="utf-8")
