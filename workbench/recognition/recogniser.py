"""Recognition as a verb's options ask for it, and model folders made of what it finds."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ipc_ai_catalogue import FACE_COMPARISON
from workbench.errors import RecognitionError
from workbench.recognition import recognised
from workbench.recognition.recognised import GRAPH, Recognised
from workbench.store import model_folder

_BETWEEN = "+"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for a graph that nothing describes."""
    parser.add_argument(
        "--head",
        metavar="NAME",
        help="what reads an .onnx file without a model.json, HEAD or HEAD:VARIANT (default: recognised)",
    )
    parser.add_argument(
        "--classes", type=Path, metavar="FILE", help="its class names: one a line, or a list or {index: name} in JSON"
    )


@dataclass
class Recogniser:
    """Recognises graphs with the same options, and keeps what it found.

    Attributes:
        head: the head that reads them; None for the only one that can.
        classes: a file of class names.
        application: the application that they will serve.
        is_half: whether another half of a pair may be the one that the options are for.
        found: what was recognised so far.
    """

    head: str | None = None
    classes: Path | None = None
    application: str | None = None
    is_half: bool = False
    found: list[Recognised] = field(default_factory=list)

    @classmethod
    def of(cls, arguments: argparse.Namespace, application: str | None = None) -> Recogniser:
        """Recogniser with the options of a verb."""
        return cls(arguments.head, arguments.classes, application or arguments.application)

    def recognise(self, graph: Path, *, archive: str | None = None, because: Sequence[str] = ()) -> Recognised:
        """Recognise a graph.

        Args:
            graph: its file.
            archive: name of the archive that it was unpacked from.
            because: evidence for the choice of this file.

        Raises:
            RecognitionError: it is not recognised.
        """
        one = recognised.recognise(
            graph,
            head=self.head,
            classes=self.classes,
            application=self.application,
            archive=archive,
            is_half=self.is_half,
        )
        one = dataclasses.replace(one, because=(*because, *one.because))
        self.found.append(one)
        return one

    def model_folder(
        self, graph: Path, opened: ExitStack, *, archive: str | None = None, because: Sequence[str] = ()
    ) -> Path:
        """Make a folder with a ``model.json`` of a graph that is recognised, under the model's name.

        Args:
            graph: its file.
            opened: what removes the folder in the end.
            archive: as of :meth:`recognise`.
            because: as of :meth:`recognise`.

        Raises:
            RecognitionError: it is not recognised.
        """
        one = self.recognise(graph, archive=archive, because=because)
        folder = Path(opened.enter_context(TemporaryDirectory(prefix="ipc-recognised-"))) / one.model.name
        folder.mkdir()
        _put(one, folder)
        describe(one, folder)
        return folder

    def for_halves(self, count: int) -> list[Recogniser]:
        """Recognisers for the parts of a pair, which add to what this one found.

        One head is for the part that it can read, ``HEAD+HEAD`` are one for each; names are for the part with classes.

        Raises:
            RecognitionError: there is another number of heads.
        """
        heads = (self.head or "").split(_BETWEEN)
        if len(heads) == 1:
            return [dataclasses.replace(self, application=FACE_COMPARISON, is_half=True)] * count
        if len(heads) != count:
            raise RecognitionError(f"--head {self.head} names {len(heads)} heads for {count} models; name one for each")
        return [
            dataclasses.replace(self, head=head or None, application=FACE_COMPARISON, is_half=not head)
            for head in heads
        ]

    def require_used(self, word: str) -> None:
        """Refuse options for a graph where none was recognised.

        Raises:
            RecognitionError: there are such options.
        """
        given = [option for option in ("head", "classes") if getattr(self, option) is not None]
        if given and not self.found:
            raise RecognitionError(
                f"--{given[0]} is for an .onnx file that nothing describes, and a model.json, a program or the "
                f"catalogue describes {word}; leave it out, or edit the model.json"
            )


def describe(one: Recognised, folder: Path) -> None:
    """Write the ``model.json`` of a recognised graph beside its files."""
    model_folder.describe(folder, one.model, {file.role: file.name for file in one.model.all_files()})


def _put(one: Recognised, folder: Path) -> None:
    """Put the files of a graph into a folder, as links; ONNX Runtime follows no symbolic ones to files of weights."""
    for file in one.model.all_files():
        source, target = (one.graph.parent / file.name).resolve(), folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.role == GRAPH and not one.data:
            target.symlink_to(source)
            continue
        try:
            os.link(source, target)
        except OSError:  # on another disk
            shutil.copyfile(source, target)
