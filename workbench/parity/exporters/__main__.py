"""``python -m workbench.parity.exporters EXPORTER KIND FOLDER FRAME...``, in the exporters' environment."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import torch


def main(words: list[str]) -> None:
    """Export one kind into a folder, and answer the frames as its exporter does."""
    exporter, kind, folder, *frames = words
    torch.set_num_threads(1)  # sums in one order, so that a seed gives the same network on every machine
    torch.manual_seed(20)
    module = importlib.import_module(f"workbench.parity.exporters.{exporter}")
    module.export(kind, Path(folder), [Path(frame) for frame in frames])


main(sys.argv[1:])
