"""Files beside a graph that tell of it: Hugging Face's configuration, Ultralytics' metadata, lists of class names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from workbench.errors import RecognitionError
from workbench.recognition import class_file
from workbench.recognition.guess import Beside

_CONFIG, _PROCESSOR, _METADATA = "config.json", "preprocessor_config.json", "metadata.yaml"
_OF_HUGGING_FACE = frozenset({"model_type", "architectures", "architecture", "image_processor_type", "id2label"})
_OF_ULTRALYTICS = frozenset({"names", "task"})
_OF_THE_GRAPH = ("labels.txt", "classes.txt", "names", "txt", "labels.json", "classes.json")
"""Endings of a list of names behind the graph's own name."""

_OF_THE_FOLDER = (
    "classes.txt",
    "labels.txt",
    "names.txt",
    "class_names.txt",
    "classes.json",
    "labels.json",
    "names.json",
    "id2label.json",
    "class_index.json",
    "imagenet_class_index.json",
    "data.yaml",
    "dataset.yaml",
    "label_map.pbtxt",
)


def read(graph: Path, *, classes: Path | None = None) -> Beside:
    """Read what lies beside a graph, and one folder up, where Hugging Face has its files for ``onnx/model.onnx``.

    Args:
        graph: the graph's file.
        classes: a file of class names anywhere, in place of one beside.

    Raises:
        RecognitionError: a file cannot be read.
    """
    folder = graph.absolute().parent
    listed = classes or _list_of_classes(graph)
    return Beside(
        config=_document(graph, _CONFIG, (folder, folder.parent)),
        processor=_document(graph, _PROCESSOR, (folder, folder.parent)),
        metadata=_metadata(folder / _METADATA),
        classes=class_file.read(listed) if listed else (),
        classes_from=str(classes) if classes else listed.name if listed else "",
    )


def _document(graph: Path, name: str, folders: tuple[Path, ...]) -> Mapping[str, Any]:
    """First file of Hugging Face's; others of such a common name are passed over."""
    for path in (graph.with_suffix(f".{name}"), *(folder / name for folder in folders)):
        if not path.is_file():
            continue
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RecognitionError(f"{path} is no JSON; copy it again, or take it away from {graph.name}") from error
        if isinstance(document, dict) and not _OF_HUGGING_FACE.isdisjoint(document):
            return document
    return {}


def _metadata(path: Path) -> Mapping[str, str]:
    """Metadata in the words in which Ultralytics writes them into a graph."""
    if not path.is_file():
        return {}
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise RecognitionError(f"{path} is no YAML; export the model again, or take it away") from error
    if not isinstance(document, dict) or not document.keys() >= _OF_ULTRALYTICS:
        return {}
    return {str(key): str(value) for key, value in document.items()}


def _list_of_classes(graph: Path) -> Path | None:
    folder = graph.absolute().parent
    named = [folder / f"{graph.stem}.{ending}" for ending in _OF_THE_GRAPH]
    found = next((path for path in (*named, *(folder / name for name in _OF_THE_FOLDER)) if path.is_file()), None)
    if found is not None:
        return found
    darknet = [path for path in folder.glob("[!.]*.names") if path.is_file()]
    return darknet[0] if len(darknet) == 1 else None
