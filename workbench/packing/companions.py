"""Files beside a weights file that belong to it: the other half of a symbol, external data, its description."""

from __future__ import annotations

import json
import re
from pathlib import Path

from workbench.recognition import external_data
from workbench.store.model_folder import DESCRIPTION

_SYMBOL = "-symbol.json"
_EXTERNAL_DATA = (".data", "_data")
_PARAMS = re.compile(r"-\d{4}\.params$")


def of(weights: Path) -> list[Path]:
    """Files that lie beside the weights and belong to them; whatever else lies there is not packed."""
    folder = weights.parent
    stem = _PARAMS.sub("", weights.name).removesuffix(_SYMBOL)
    found = []
    if stem != weights.name:  # MXNet: a symbol, parameters, and the shapes that SageMaker's training writes
        found += [folder / f"{stem}{_SYMBOL}", *sorted(folder.glob(f"{stem}-[0-9][0-9][0-9][0-9].params"))[-1:]]
        found += [folder / f"{stem}-shapes.json"]
    found += [weights.with_name(weights.name + ending) for ending in _EXTERNAL_DATA]  # as ONNX exporters write it
    found += [folder / name for name in external_data.names_of(weights)] if weights.suffix == ".onnx" else []
    if _describes(folder / DESCRIPTION, weights.name):
        found.append(folder / DESCRIPTION)
    return [
        path
        for path in dict.fromkeys(found)
        if ".." not in path.parts[len(folder.parts) :] and path.is_file() and path != weights
    ]


def _describes(description: Path, name: str) -> bool:
    """Return whether a model.json names the file."""
    try:
        files = json.loads(description.read_text(encoding="utf-8"))["files"]
        return any(file["name"] == name for group in files.values() for file in group)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
