"""Inputs and outputs of a graph in the types that it declares, and its inputs beside the frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.engines.onnxruntime.tensor_types import NUMBERS
from ipc_ai_serving.errors import ModelLoadError

_SIDES_OF_A_FRAME = 3  # of a graph that takes one frame without a batch
_HEADS_TYPES = (np.float16, np.float64)


class Feeds:
    """Makes the inputs of a graph from a tensor of frames."""

    def __init__(
        self, declared: Sequence[Any], *, tensor: str, layout: str, also: Mapping[str, str], name: str
    ) -> None:
        """Compare the inputs that a graph declares with those of its description.

        Args:
            declared: the session's inputs.
            tensor: name of the input that takes frames.
            layout: order of its axes, as in ``ModelInput``.
            also: the other inputs, as in ``ModelInput``.
            name: name of the graph's file, for messages.

        Raises:
            ModelLoadError: the graph takes other inputs, or a type that is not known.
        """
        expected = {tensor, *also}
        there = [each.name for each in declared]
        if set(there) != expected:
            raise ModelLoadError(f"{name} takes {there}, not {_words([tensor, *also])} of its description")
        for each in declared:
            if each.type not in NUMBERS:
                raise ModelLoadError(f"{name} takes {each.name} as {each.type}; known are {', '.join(NUMBERS)}")
        self._tensor, self._layout, self._also = tensor, layout, also
        self._types = {each.name: NUMBERS[each.type] for each in declared}
        self._shapes = {each.name: each.shape for each in declared}
        frame = self._shapes[tensor]
        self._without_batch = len(frame) == _SIDES_OF_A_FRAME
        self._batch = frame[0] if frame and not self._without_batch else None
        # Of a graph with several frames written into it, one is answered and the others are copies of it.
        self._copies = self._batch if isinstance(self._batch, int) else 1
        self.one_at_a_time = self._without_batch or isinstance(self._batch, int)

    def have_rows(self, outputs: Sequence[Any]) -> bool:
        """Tell whether the batch is open, and the first axis of every output by its name.

        Other outputs may have a row a box, all frames together.
        """
        return isinstance(self._batch, str) and all(list(each.shape[:1]) == [self._batch] for each in outputs)

    def of(self, tensor: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[Any]]:
        """Inputs by name for frames, (N, 3, height, width) or (N, height, width, 3) as the graph takes them.

        A graph without a batch gets the first of them, and one with a batch of several gets as many copies of it.
        """
        if self._copies > 1:
            tensor = np.repeat(tensor[:1], self._copies, axis=0)
        count, *sides = tensor.shape
        height, width = sides[:2] if self._layout == "NHWC" else sides[1:]
        given: dict[str, npt.NDArray[Any]] = {self._tensor: tensor[0] if self._without_batch else tensor}
        for name, kind in self._also.items():
            if kind == "network-size":
                given[name] = np.full((count, 2), (width, height))
            else:
                given[name] = np.ones((count, *self._sides_of_mask(name, height, width)))
        return {name: value.astype(self._types[name], copy=False) for name, value in given.items()}

    def without_copies(self, output: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The answer to the frame, of an output that answers its copies too."""
        return output[:1] if self._copies > 1 and output.shape[:1] == (self._copies,) else output

    def _sides_of_mask(self, name: str, height: int, width: int) -> tuple[int, ...]:
        """Height and width of a mask: those that the graph declares, else the frame's."""
        declared = self._shapes[name][-2:]
        return tuple(a if isinstance(a, int) else b for a, b in zip(declared, (height, width), strict=True))


def in_single_precision(output: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Convert half and double precision to the float32 that heads read; whole numbers stay."""
    return output.astype(np.float32) if output.dtype in _HEADS_TYPES else output


def _words(inputs: Sequence[str]) -> str:
    return f"the one input '{inputs[0]}'" if len(inputs) == 1 else f"the inputs {inputs}"
