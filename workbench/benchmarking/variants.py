"""The variants that words of the command line name: a model, or a pair, on one engine."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import EMBEDDER, FACE_COMPARISON, nearest
from workbench.benchmarking import artefacts
from workbench.benchmarking.artefacts import Part
from workbench.errors import BenchmarkError
from workbench.store import model_folder

_ENDINGS = (".onnx", ".tar.gz", ".tgz")
_FACES = "face-detection"
_FIELDS: tuple[Literal["folder_name", "place"], ...] = ("folder_name", "place")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One model, or pair of models, on its engines.

    Attributes:
        name: what it is called; no two of a benchmark are called the same.
        application: what serves it.
        parts: a detector, or a detector and an embedder, each on one engine.
    """

    name: str
    application: str
    parts: tuple[Part, ...]

    @property
    def model_name(self) -> str:
        """``MODEL_NAME`` of the container."""
        return "+".join(part.model.name for part in self.parts)

    @property
    def engine(self) -> str:
        """Engines of its parts."""
        return "+".join(part.model.engine for part in self.parts)

    @property
    def artefact_bytes(self) -> int:
        """Bytes of all its files."""
        return sum(path.stat().st_size for part in self.parts for path in part.files.values())

    def put_into(self, store: Path) -> None:
        """Make a model folder of each part in a store, of links."""
        for part in self.parts:
            if part.folder is None:
                continue
            folder = store / part.model.name
            folder.mkdir()
            for entry in part.folder.iterdir():
                if entry.name != "model.json":
                    (folder / entry.name).symlink_to(entry.resolve())
            names = {role: str(path.relative_to(part.folder)) for role, path in part.files.items()}
            model_folder.describe(folder, part.model, names)


def find(
    words: Sequence[str], *, stores: Sequence[Path], engines: Sequence[str] = (), application: str | None = None
) -> list[Variant]:
    """The variants of all words, in their order; a word without ``@ENGINE`` stands for one variant an engine.

    Args:
        words: each ``MODEL``, ``MODEL@ENGINE`` or ``DETECTOR+EMBEDDER``, a model being a folder or a name.
        stores: folders of model folders, for names.
        engines: only these; all when empty.
        application: what serves them; by default the first one of the first model that serves all.

    Raises:
        BenchmarkError: a word names nothing, nothing for these engines or half of a pair; or nothing serves all.
        UnknownNameError: neither a folder nor a name of the catalogue.
    """
    for engine in engines:
        _check_engine(engine)
    if application is not None:
        catalogue.load().application(application)
    choices = {word: _choices(word, stores, application) for word in dict.fromkeys(words)}
    served = _application(choices, application)
    chosen: list[tuple[Part, ...]] = []
    for word in words:
        kept = [parts for parts in choices[word] if not engines or all(part.model.engine in engines for part in parts)]
        if not kept:
            there = ", ".join(sorted({"+".join(part.model.engine for part in parts) for parts in choices[word]}))
            raise BenchmarkError(
                f"{word} runs on {there}, not on {' or '.join(engines)}; leave --engine out, or compile it for that"
            )
        chosen += kept
    return list(_called_apart(chosen, served))


def _choices(word: str, stores: Sequence[Path], application: str | None) -> list[tuple[Part, ...]]:
    """Parts on engines that a word may stand for."""
    halves = [word] if Path(word).exists() else word.split("+")
    if len(halves) > 2:
        raise BenchmarkError(f"{word} has {len(halves)} parts; name a model, or DETECTOR+EMBEDDER")
    for half in halves:  # a wrong name is told before a right one that is not in the store
        model, _ = _model_and_engine(half)
        if not Path(model).exists():
            if Path(model).name != model or model.endswith(_ENDINGS):
                near = nearest(Path(model).name, [each.name for each in Path(model).parent.glob("*")])
                raise BenchmarkError(f"there is no {model}{near}; name a folder, a packed model or an .onnx file")
            catalogue.load().model(model)
    found = []
    for number, half in enumerate(halves):
        model, engine = _model_and_engine(half)
        parts = artefacts.parts(model, stores, application)
        embeds = parts[0].model.role == EMBEDDER
        if embeds and len(halves) == 1:
            raise BenchmarkError(f"{word} embeds faces that a detector finds; name a pair, DETECTOR+{word}")
        if embeds is not (number == 1):
            raise BenchmarkError(f"{word} is no pair of a detector and an embedder; name DETECTOR+EMBEDDER")
        kept = [part for part in parts if engine in (None, part.model.engine)]
        if not kept:
            there = ", ".join(part.model.engine for part in parts)
            raise BenchmarkError(
                f"{model} has artefacts for {there}, not for {engine}; compile it, or name another engine"
            )
        found.append(kept)
    return list(itertools.product(*found))


def _model_and_engine(word: str) -> tuple[str, str | None]:
    model, at, engine = word.rpartition("@")
    if not at or Path(word).exists():
        return word, None
    _check_engine(engine)
    return model, engine


def _check_engine(name: str) -> None:
    from ipc_ai_serving import engines

    if name not in engines.names():
        raise BenchmarkError(
            f"unknown engine '{name}'{nearest(name, engines.names())}; engines: {', '.join(engines.names())}"
        )


def _application(choices: dict[str, list[tuple[Part, ...]]], wanted: str | None) -> str:
    """Variants that serve all words.

    Raises:
        BenchmarkError: nothing does, or not what is wanted.
    """
    served = {word: _served_by(found[0]) for word, found in choices.items()}
    first, *others = served.values()
    common = [name for name in first if all(name in names for names in others)]
    if wanted is not None:
        for word, names in served.items():
            if wanted not in names:
                raise BenchmarkError(f"{word} serves {' and '.join(names)}, not {wanted}; leave --application out")
        return wanted
    if not common:
        does = "; ".join(f"{word} serves {' and '.join(names)}" for word, names in served.items())
        raise BenchmarkError(f"{does}; name models of one application")
    return common[0]


def _served_by(parts: tuple[Part, ...]) -> list[str]:
    if len(parts) == 2:
        return [FACE_COMPARISON]
    detects = [name for name in parts[0].applications if name != FACE_COMPARISON]
    # A detector that was made for comparison finds faces on its own, too.
    return detects or [_FACES]


def _called_apart(chosen: Sequence[tuple[Part, ...]], application: str) -> Iterator[Variant]:
    """Models' own names; those of their folders, then of these in theirs, where others have the same; then numbers."""
    names = [_name(parts, "called") for parts in chosen]
    for field in _FIELDS:
        places: dict[str, set[tuple[Path | None, ...]]] = {}
        for name, parts in zip(names, chosen, strict=True):
            places.setdefault(name, set()).add(tuple(part.folder for part in parts))
        names = [
            _name(parts, field) if len(places[name]) > 1 else name for name, parts in zip(names, chosen, strict=True)
        ]
    seen: Counter[str] = Counter()
    for name, parts in zip(names, chosen, strict=True):
        seen[name] += 1
        number = f" ({seen[name]})" if seen[name] > 1 else ""
        yield Variant(name=name + number, application=application, parts=parts)


def _name(parts: tuple[Part, ...], field: Literal["called", "folder_name", "place"]) -> str:
    names = "+".join(getattr(part, field) for part in parts)
    return f"{names}@{'+'.join(dict.fromkeys(part.model.engine for part in parts))}"
