"""A model that a graph may be, with the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ipc_ai_catalogue import Licence, Model


@dataclass(frozen=True)
class Beside:
    """Files beside a graph that tell of it.

    Attributes:
        config: Hugging Face's ``config.json``: architectures, id2label.
        processor: its ``preprocessor_config.json``: size, mean, deviation, resampling.
        metadata: Ultralytics' ``metadata.yaml``: names, stride, task, imgsz, as the graph's own metadata have them.
        classes: class names of a text file such as ``classes.txt``, by the network's class index.
        classes_from: the file that has them.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    processor: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    classes_from: str = ""


@dataclass(frozen=True)
class Guess:
    """A model that a graph may be.

    Attributes:
        model: its description; name and files are filled in later.
        because: the evidence, a clause each, for people.
        is_certain: True where metadata tell it, or no other network has such outputs.
        variant: a word that tells it from other guesses of the same head, for ``--head HEAD:VARIANT``.
    """

    model: Model
    because: tuple[str, ...]
    is_certain: bool = False
    variant: str = ""

    @property
    def choice(self) -> str:
        """Its name in ``--head``: the head, with the variant behind a colon where it has one."""
        return f"{self.model.head}:{self.variant}" if self.variant else self.model.head


UNKNOWN_LICENCE = Licence(
    spdx="NOASSERTION", commercial_use=False, note="the file does not say; ask those who trained the model"
)
