"""Name of a recognised model: that of its file, or of its folder where the file is only called ``model``."""

from __future__ import annotations

import re
from pathlib import Path

_SAYS_NOTHING = re.compile(
    r"model([-_.](fp16|fp32|float16|int8|uint8|quantized|quantised|q4|q4f16|bnb4|optimi[sz]ed|sim|simplified))*",
    re.IGNORECASE,
)
_FOLDER_SAYS_NOTHING = re.compile(
    r"models?|onnx|weights|export|snapshots|[0-9a-f]{40}",  # the last two are of Hugging Face's cache
    re.IGNORECASE,
)
_NAMELESS = "model"
_FOLDERS = 4
_MOST_CHARACTERS = 63


def name_of(graph: Path, *, archive: str | None = None) -> str:
    """Name for the value of a parameter: letters, digits, ``.``, ``_`` and ``-``, at most 63.

    Args:
        graph: its file.
        archive: name of the archive that it was unpacked from; None where it lies in a folder of the operator's.
    """
    folder = graph.parent.resolve()  # the file itself may be a link to one without a name
    around = [archive] if archive else [each.name for each in (folder, *folder.parents)[:_FOLDERS]]
    telling = [word for word in around if not _FOLDER_SAYS_NOTHING.fullmatch(word)]
    word = telling[0] if telling and _SAYS_NOTHING.fullmatch(graph.stem) else graph.stem
    return _fit(word) or _NAMELESS


def _fit(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", word).strip("-._")[:_MOST_CHARACTERS].rstrip("-._")
