"""Checks of a network's first outputs, so that a network of another kind is refused with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.engines import Outputs
from ipc_ai_serving.errors import ModelLoadError

_ROUNDING = 0.02  # of quantised networks
_LARGEST_SIDES = 10  # a box is never so many times as large as the network's input


class NetworkOutputs:
    """The outputs of one run, and the words in which a head says what it reads."""

    def __init__(self, outputs: Outputs, *, head: str, reads: str) -> None:
        self._outputs = {name: np.asarray(output) for name, output in outputs.items()}
        self._says = f"the head '{head}' reads {reads}"

    @property
    def shown(self) -> str:
        """Names and shapes of the outputs, for messages."""
        return ", ".join(f"{name} {output.shape}" for name, output in self._outputs.items())

    def refuse(self, said: str) -> ModelLoadError:
        """Error with the fault and with what is expected."""
        return ModelLoadError(f"the network does not fit its head: {said}; {self._says}")

    def named(self, name: str, shape: Sequence[int | None]) -> npt.NDArray[np.float32]:
        """Output of a name, without the batch; None in ``shape`` stands for any number.

        Raises:
            ModelLoadError: there is none, it has another shape, or it is not finite.
        """
        if name not in self._outputs:
            raise self.refuse(f"there is no output '{name}' among {', '.join(self._outputs)}")
        output = self._outputs[name]
        fits = output.ndim == len(shape) and all(
            wanted in (None, there) for wanted, there in zip(shape, output.shape, strict=True)
        )
        if not fits or output.shape[0] != 1:
            wanted = ", ".join("any" if side is None else str(side) for side in shape)
            raise self.refuse(f"the output '{name}' is {output.shape}, not ({wanted})")
        if not np.isfinite(output).all():
            raise self.refuse(f"the output '{name}' has values that are no numbers for a black frame")
        single: npt.NDArray[np.float32] = output[0]
        return single

    def in_order(self, *shapes: Sequence[int | None]) -> list[npt.NDArray[np.float32]]:
        """Outputs in the network's order, as by :meth:`named`.

        Raises:
            ModelLoadError: there are more or fewer, or one does not fit.
        """
        if len(self._outputs) != len(shapes):
            raise self.refuse(f"there are {len(self._outputs)} outputs ({self.shown}), not {len(shapes)}")
        return [self.named(name, shape) for name, shape in zip(self._outputs, shapes, strict=True)]

    def check_probabilities(self, values: npt.NDArray[np.float32], what: str) -> None:
        """Check that values are from 0 to 1.

        Raises:
            ModelLoadError: one is not.
        """
        for worst in (values.max(initial=0), values.min(initial=0)):
            if not -_ROUNDING <= worst <= 1 + _ROUNDING:
                raise self.refuse(f"{what} of {worst:g} is no probability from 0 to 1")

    def check_sizes(
        self, logarithms: npt.NDArray[np.float32], strides: npt.NDArray[np.float32], tensor_shape: tuple[int, ...]
    ) -> None:
        """Check that sizes are logarithms of strides, which pixels and shares of the frame are not.

        Raises:
            ModelLoadError: a box would be larger than ten frames.
        """
        limits = np.log(_LARGEST_SIDES * max(tensor_shape[2:]) / strides)
        if (logarithms > limits).any():
            raise self.refuse(
                f"a box has exp({logarithms.max():g}) strides as its size, far beyond the frame, so boxes seem to be "
                "decoded already"
            )
