"""Networks that SageMaker Neo compiled, run by its runtime DLR, which is no part of the images: see docs/models.md.

Beside the compiled files lies ``neo.json``, for what they do not tell: ``device`` (``cpu`` or ``gpu``), ``shape`` of
the one input, (batch, 3, height, width), and ``outputs``, the source's names in its order; none where it has none.
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
    """A compiled network. Its shape is part of it: smaller tensors are padded, several of a batch run one by one."""

    def __init__(
        self, folder: Path, *, device: str, shape: tuple[int, ...], outputs: list[str], input_name: str
    ) -> None:
        """Loads the compiled files.

        Args:
            folder: where they lie, without any other file: DLR takes each JSON file for its graph.
            device: ``cpu`` or ``gpu``.
            shape: of the input.
            outputs: names of the outputs.
            input_name: name of the input.

        Raises:
            ModelLoadError: DLR does not take them.
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
        """One forward pass for every ``batch`` of (N, 3, height, width) float32.

        Raises:
            InvalidImageError: the tensor is larger than what the network was compiled for.
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
    """Loads the artefacts of roles ``neo`` and ``library``, and what lies beside the library."""
    folder = files["library"].parent
    try:
        described = json.loads(files["neo"].read_text(encoding="utf-8"))
        device, outputs = str(described["device"]), [str(name) for name in described["outputs"]]
        batch, channels, height, width = (int(side) for side in described["shape"])
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise ModelLoadError(f"{files['neo'].name} does not tell device, shape and outputs: {error!r}") from error
    shape = (batch, channels, height, width)
    return DlrEngine(folder, device=device, shape=shape, outputs=outputs, input_name=model.input.tensor)
