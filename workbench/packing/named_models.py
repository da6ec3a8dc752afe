"""Models by the words that operators write: a name, a folder, a packed model, a file of the older layout, a pair."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import Model, nearest
from workbench import places, typed
from workbench.errors import PackageError, WorkbenchError
from workbench.packing import bare_graphs, companions, source_archives
from workbench.recognition.recogniser import Recogniser
from workbench.store import model_folder
from workbench.store.model_folder import DESCRIPTION
from workbench.tables import packed_graph

_OLDER_FILE = re.compile(r"(?P<stem>[a-z]+_detector_.+)-(symbol\.json|0000\.params)")
_EMBEDDER = "embedder"


def stem(path: Path) -> str:
    """Name of a folder, or of a file without its ending."""
    name = path.absolute().name or "model"
    if path.is_dir():
        return name
    bare = source_archives.without_ending(name)
    return path.stem if path.is_file() and bare == name else bare


@contextmanager
def as_folders(
    words: Sequence[str], *, stores: Sequence[Path], recogniser: Recogniser | None = None
) -> Iterator[dict[str, str]]:
    """Provide each word with paths of model folders in it, where it names models that are not the catalogue's.

    ``shop``, ``shop.tar.gz@onnxruntime`` and ``yunet_n+myface`` are such words. A packed pair becomes two folders with
    ``+`` between.

    Args:
        words: the words; names of the catalogue stay as they are.
        stores: folders of model folders, in which names are looked for.
        recogniser: what recognises graphs that nothing describes; None for one without options.

    Raises:
        PackageError: a word lacks a name, a packed model cannot be unpacked, or a graph is not recognised.
    """
    recogniser = recogniser or Recogniser()
    for word in words:
        if "" in re.split("[+@]", word) and not Path(word).exists():
            raise PackageError(f"'{word}' lacks a name; write MODEL, MODEL@ENGINE or DETECTOR+EMBEDDER")
    with ExitStack() as unpacked:
        folders = {word: _in_folders(word, stores, unpacked, recogniser) for word in words}
        recogniser.require_used(" and ".join(words))
        try:
            yield folders
        except WorkbenchError as error:
            # Temporary folders are gone by then; the reader knows the words that they were made of.
            error.args = (_as_written(str(error), folders),)
            raise


@contextmanager
def pair(word: str, *, stores: Sequence[Path], recogniser: Recogniser | None = None) -> Iterator[Path | None]:
    """Provide a folder with detector and embedder of ``DETECTOR+EMBEDDER``, each in a folder of its name.

    None where the word is a path, no pair, or a pair of the catalogue alone, which goes into the image.

    Raises:
        PackageError: a half is neither a path nor the name of a model, is not in the stores, or cannot be unpacked.
    """
    halves = word.split("+")
    if Path(word).exists() or len(halves) != 2 or all(half in catalogue.load().models for half in halves):
        yield None
        return
    for half in halves:
        if not half or not (Path(half).exists() or half in catalogue.load().models or stored(half, stores=stores)):
            raise PackageError(
                f"{word}: there is no path and no model '{half}'{nearest(half, catalogue.load().models)}; name a "
                "folder, a model.tar.gz, or a model of docs/models.md"
            )
    with ExitStack() as unpacked:
        folder = Path(unpacked.enter_context(TemporaryDirectory(prefix="ipc-pair-")))
        for half, each in zip(halves, (recogniser or Recogniser()).for_halves(len(halves)), strict=True):
            _copy_links(half, _in_folders(half, stores, unpacked, each), folder, stores)
        yield folder


def stored(word: str, *, stores: Sequence[Path]) -> Path | None:
    """Folder of a model of the operator's own in a store, by its name there; None for other words."""
    if word in catalogue.load().models or Path(word).name != word:
        return None
    return next((store / word for store in stores if (store / word / DESCRIPTION).is_file()), None)


def is_to_pack(word: str, *, stores: Sequence[Path]) -> bool:
    """Return whether a word names something to pack, and not a model of the catalogue alone."""
    halves = word.split("+")
    known = catalogue.load().models
    is_own_pair = (
        len(halves) == 2
        and any(_is_own(half, stores) for half in halves)
        and all(_is_own(half, stores) or half in known for half in halves)
    )
    return _is_own(word, stores) or is_own_pair


def _is_own(word: str, stores: Sequence[Path]) -> bool:
    return Path(word).exists() or stored(word, stores=stores) is not None


def _as_written(said: str, folders: Mapping[str, str]) -> str:
    for word, path in folders.items():
        named = [(path, word)]
        if path.count("+") == word.count("+"):
            named += zip(path.split("+"), word.split("+"), strict=True)
        for folder, its in ((_without_engine(folder), _without_engine(its)) for folder, its in named):
            is_temporary = Path(its).exists() and not Path(its).is_relative_to(folder)
            said = said.replace(folder, its) if is_temporary else said
    return said


def _without_engine(word: str) -> str:
    return word.rpartition("@")[0] or word


def _in_folders(word: str, stores: Sequence[Path], unpacked: ExitStack, recogniser: Recogniser) -> str:
    path = Path(word)
    if path.exists():
        return "+".join(map(str, _folders(path, unpacked, recogniser)))
    named, at, engine = word.rpartition("@")
    if at:
        return "+".join(f"{half}@{engine}" for half in _in_folders(named, stores, unpacked, recogniser).split("+"))
    if "+" in word:
        halves = word.split("+")
        each = zip(halves, recogniser.for_halves(len(halves)), strict=True)
        return "+".join(_in_folders(half, stores, unpacked, its) for half, its in each)
    return str(stored(word, stores=stores) or word)


def _folders(path: Path, unpacked: ExitStack, recogniser: Recogniser) -> list[Path]:
    """Folder of a model, or of the two of a pair, the detector first."""
    named = path
    if path.is_file() and (older := _OLDER_FILE.fullmatch(path.name)):
        # A folder of its own, because others may lie beside.
        folder = _named(older["stem"], unpacked)
        folder.mkdir()
        for each in (f"{older['stem']}-symbol.json", f"{older['stem']}-0000.params"):
            (folder / each).symlink_to((path.parent / each).resolve())
        return [folder]
    if path.is_file() and path.parent / DESCRIPTION in companions.of(path):
        return [path.parent]
    archive = None
    if source_archives.is_archive(path):
        archive = stem(path)
        folder = unpacked.enter_context(source_archives.unpacked(path))
        path = _named(archive.replace("+", "-"), unpacked)
        path.symlink_to(folder)
    if path.is_dir() and not (path / DESCRIPTION).is_file():
        halves = [each.parent for each in sorted(path.glob(f"[!.]*/{DESCRIPTION}"))]
        if len(halves) == 2:
            return sorted(halves, key=lambda half: _EMBEDDER in _described(half).role)
    packed_graph.refuse(path, called=named)
    return [bare_graphs.as_model_folder(path, recogniser, unpacked, archive=archive) or path]


def _named(name: str, unpacked: ExitStack) -> Path:
    return Path(unpacked.enter_context(TemporaryDirectory(prefix="ipc-model-"))) / name


def _described(folder: Path) -> Model:
    try:
        return model_folder.read(folder)
    except ValueError as error:
        raise PackageError(str(error)) from error


def _copy_links(half: str, word: str, pair: Path, stores: Sequence[Path]) -> None:
    """Make a folder of links to one half's files, under the name of its model."""
    known = catalogue.load().models.get(word)
    if known is not None and not known.all_files():
        (pair / known.name).mkdir()
        model_folder.describe(pair / known.name, known, {})
        return
    candidates = [Path(word), *(store / word for store in stores)]
    folder = next((place for place in candidates if (place / DESCRIPTION).is_file()), None)
    if folder is None:
        said = (
            f"fetch it with '{typed.fetch(half, stores[0] if stores else places.MODEL_STORE)}'"
            if known
            else "name its folder or its model.tar.gz"
        )
        raise PackageError(f"there is no model folder of {half} with a {DESCRIPTION}; {said}")
    target = pair / _described(folder).name
    for path in folder.rglob("*"):
        if path.is_file():
            link = target / path.relative_to(folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
