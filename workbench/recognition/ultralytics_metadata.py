"""Metadata that Ultralytics and YOLOv5 write into a graph: texts of Python's literals.

Source: Ultralytics ``engine/exporter.py`` (description, author, stride, task, head, imgsz, names, kpt_shape) and YOLOv5
``export.py`` (stride and names alone).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipc_ai_catalogue import Licence, class_names
from workbench.errors import RecognitionError
from workbench.recognition.graph_facts import GraphFacts

_AUTHOR = "Ultralytics"
_AGPL = Licence(
    spdx="AGPL-3.0-only",
    commercial_use=False,
    note="Ultralytics: a service over a network must publish its source; Ultralytics sells another licence",
)


@dataclass(frozen=True)
class UltralyticsMetadata:
    """Metadata of one graph.

    Attributes:
        by_ultralytics: True where their package wrote them; YOLOv5 wrote fewer.
        title: description of the network.
        names: class names by index.
        task: ``detect``, ``segment``, ``pose``, ``obb``, ``classify``.
        head: class of the network's last layer, as in ``RTDETRDecoder``; empty before 8.4.
        stride: largest step between cells in pixels.
        height: of the network input in pixels, for which it was exported.
        width: of the network input in pixels.
        keypoint_numbers: numbers of the key points of a box.
        licence: of the weights; None where they say none.
    """

    by_ultralytics: bool
    title: str
    names: tuple[str, ...]
    task: str
    head: str
    stride: int
    height: int | None
    width: int | None
    keypoint_numbers: int
    licence: Licence | None


def read(graph: GraphFacts) -> UltralyticsMetadata | None:
    """Metadata of a graph; None where it has none of theirs.

    Raises:
        RecognitionError: one cannot be read.
    """
    texts = {key: class_names.in_a_line(text) for key, text in graph.metadata.items()}
    if not {"names", "stride"} <= texts.keys():
        return None
    by_ultralytics = texts.get("author") == _AUTHOR or texts.get("description", "").startswith(_AUTHOR)
    height, width = _size(_literal(texts, "imgsz", graph.path))
    return UltralyticsMetadata(
        by_ultralytics=by_ultralytics,
        title=texts.get("description", "").removeprefix(_AUTHOR).split(" trained on ")[0].strip(),
        names=_names(_literal(texts, "names", graph.path), graph.path),
        task=texts.get("task", "detect"),
        head=texts.get("head", ""),
        stride=_stride(_literal(texts, "stride", graph.path)),
        height=height,
        width=width,
        keypoint_numbers=math.prod(_literal(texts, "kpt_shape", graph.path) or [0]),
        licence=_AGPL if "AGPL" in texts.get("license", "") else None,
    )


def _literal(texts: Mapping[str, str], key: str, path: Path) -> Any:
    if key not in texts:
        return None
    try:
        return ast.literal_eval(texts[key])
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise RecognitionError(
            f"{path} has metadata '{key}' that cannot be read ('{texts[key][:40]}'); export it again"
        ) from error


def _names(names: Any, path: Path) -> tuple[str, ...]:
    if isinstance(names, list | tuple):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or sorted(names) != list(range(len(names))) or not names:
        raise RecognitionError(f"{path} has metadata 'names' that do not count classes from 0; export it again")
    return tuple(str(names[index]) for index in range(len(names)))


def _size(imgsz: Any) -> tuple[int | None, int | None]:
    if isinstance(imgsz, int):
        return imgsz, imgsz
    if isinstance(imgsz, list | tuple) and imgsz and all(isinstance(side, int) for side in imgsz):
        return imgsz[0], imgsz[-1]
    return None, None


def _stride(stride: Any) -> int:
    sizes = stride if isinstance(stride, list | tuple) else [stride]
    return max((int(size) for size in sizes if isinstance(size, int | float)), default=32)
