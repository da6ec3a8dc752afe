"""Sessions whose inputs lie in memory of the device, which is allocated once for each shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Inputs: TypeAlias = Mapping[str, npt.NDArray[Any]]
_Kind: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]
_MOST_SHAPES = 16
"""Shapes that keep their memory: frames of a fleet have few, and batches at most as many as rows."""


class BoundSession:
    """A session of a GPU, for one thread at a time.

    A frame is copied into the same memory of the device each time, and outputs stay there until all are computed. They
    are bound for each run, because a bound output keeps the shape of its first run, and boxes are more or fewer.
    Source: https://onnxruntime.ai/docs/performance/tune-performance/iobinding.html
    """

    def __init__(self, session: Any, *, device: str) -> None:
        """Bind a session.

        Args:
            session: the session.
            device: ``cuda``, or ``cpu``.
        """
        self._session = session
        self._device = device
        self._bound: dict[_Kind, tuple[Any, dict[str, Any]]] = {}

    def run(self, names: Sequence[str], inputs: Inputs) -> list[npt.NDArray[Any]]:
        """Run one forward pass, and return the outputs of these names, as the session's own ``run`` does."""
        kind = tuple((name, value.shape) for name, value in inputs.items())
        bound = self._bound.get(kind)
        if bound is None:
            if len(self._bound) >= _MOST_SHAPES:
                self._bound.pop(next(iter(self._bound)))
            bound = self._bound[kind] = self._binding(inputs)
        binding, values = bound
        for name, value in inputs.items():
            values[name].update_inplace(np.ascontiguousarray(value))
        binding.clear_binding_outputs()
        for name in names:
            binding.bind_output(name, self._device)
        self._session.run_with_iobinding(binding)
        outputs: list[npt.NDArray[Any]] = binding.copy_outputs_to_cpu()
        return outputs

    def _binding(self, inputs: Inputs) -> tuple[Any, dict[str, Any]]:
        import onnxruntime

        binding = self._session.io_binding()
        values = {
            name: onnxruntime.OrtValue.ortvalue_from_shape_and_type(value.shape, value.dtype.type, self._device, 0)
            for name, value in inputs.items()
        }
        for name, value in values.items():
            binding.bind_ortvalue_input(name, value)
        return binding, values
