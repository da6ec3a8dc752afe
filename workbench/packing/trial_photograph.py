"""Photograph that a trial sends, in the shape of the network's input, so that none of it is padding.

A network that is not trained is as sure of boxes in the padding as of others, and there they have no area in the frame.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ipc_ai_catalogue import ModelInput
from workbench import places
from workbench.recognition.recognised import Recognised


@contextmanager
def shaped_for(recognised: Sequence[Recognised]) -> Iterator[Path]:
    """Provide the photograph, cut where the only network that was recognised has a letterbox of another shape."""
    spec = recognised[0].model.input if len(recognised) == 1 else None
    if spec is None or spec.resize != "letterbox" or spec.columns == spec.size:
        yield places.photograph()
        return
    with tempfile.NamedTemporaryFile(prefix="ipc-photograph-", suffix=".png") as file:
        _cut(spec, Path(file.name))
        yield Path(file.name)


def _cut(spec: ModelInput, target: Path) -> None:
    """Cut the largest part of the network's shape, from the top, where the face is, and from the middle."""
    from PIL import Image

    with Image.open(places.photograph()) as whole:
        scale = min(whole.width / spec.columns, whole.height / spec.size)
        width, height = round(spec.columns * scale), round(spec.size * scale)
        left = (whole.width - width) // 2
        whole.crop((left, 0, left + width, height)).save(target)
