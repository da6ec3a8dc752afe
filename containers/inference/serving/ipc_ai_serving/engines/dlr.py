"""Networks compiled by SageMaker Neo, run by its runtime DLR. The images do not have it: see docs/models.md.

Beside the compiled files lies ``neo.json`` with the facts that they lack: ``device`` (``cpu`` or ``gpu``), ``shape``
of the one input, (batch, 3, height, width), and ``outputs``, the names in the source's order, empty where it names
none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Engine, Outputs
from ipc_ai_serving.errors import InvalidImageError, ModelLoadError


class DlrEngine(Engine):
    """A network compiled for one input shape: smaller tensors are padded, and larger batches run in parts."""

    def __init__(
        self, folder: Path, *, device: str, shape: tuple[int, ...], outputs: list[str], input_name: str
    ) -> None:
        """Load the compiled files.

        Args:
            folder: holds the compiled files alone, because DLR takes any JSON file in it for its graph.
            device: ``cpu`` or ``gpu``.
            shape: shape of the input.
            outputs: names of the outputs.
            input_name: name of the input.

        Raises:
            ModelLoadError: DLR refuses the files.
        """
        import dlr

        self._batch, _, self._height, self._width = shape
        self._input_name = input_name
        self._output_names = outputs
        try:
            self._network = dlr.DLRModel(str(folder), device, 0)
        except Exception as error:  # the runtime's exceptions differ between its releases
            raise ModelLoadError(f"DLR does not load the compiled model in {folder.name}: {error}") from error

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Run a forward pass for every ``batch`` tensors of (N, 3, height, width) float32.

        Raises:
            InvalidImageError: the tensor is larger than the shape that the network was compiled for.
        """
        height, width = tensor.shape[2:]
        if height > self._height or width > self._width:
            raise InvalidImageError(
                f"the model was compiled for {self._width} x {self._height} pixels, and this frame is brought to "
                f"{width} x {height}; send a frame whose sides are in that proportion, and no short_size"
            )
        free = ((0, -len(tensor) % self._batch), (0, 0), (0, self._height - height), (0, self._width - width))
        padded = np.pad(tensor, free)  # a frame's corner stays the tensor's corner
        batches = np.split(padded, len(padded) // self._batch)
        runs = [self._network.run({self._input_name: np.ascontiguousarray(batch)}) for batch in batches]
        outputs = [np.concatenate(parts) for parts in zip(*runs, strict=True)] if len(runs) > 1 else list(runs[0])
        names = self._output_names or [f"output_{position}" for position in range(len(outputs))]
        return {
            name: np.asarray(output, np.float32)[: len(tensor)] for name, output in zip(names, outputs, strict=True)
        }


def load(model: Model, files: Mapping[str, Path], threads: int) -> Engine:
    """Load the artefacts of roles ``neo`` and ``library``, and the files beside the library."""
    folder = files["library"].parent
    try:
        described = json.loads(files["neo"].read_text(encoding="utf-8"))
        device, outputs = str(described["device"]), [str(name) for name in described["outputs"]]
        batch, channels, height, width = (int(side) for side in described["shape"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ModelLoadError(f"{files['neo'].name} does not tell device, shape and outputs: {error!r}") from error
    shape = (batch, channels, height, width)
    return DlrEngine(folder, device=device, shape=shape, outputs=outputs, input_name=model.input.tensor)
