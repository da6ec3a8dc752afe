"""Weights for an untrained network: of the right size and speed, with activations that stay in range."""

from __future__ import annotations

from typing import Any

import numpy as np


def initialize(network: Any, *, seed: int) -> None:
    """Give every parameter of a Gluon network a value, the same for the same ``seed``.

    Weights of layers before a ReLU keep the variance of the activations (He et al., 2015, equation 10).
    MXNet's own initializers refuse the vectors of these networks.
    """
    import mxnet

    class _HeInit(mxnet.init.Initializer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._random = np.random.RandomState(seed)

        def _init_weight(self, name: str, array: Any) -> None:
            if len(array.shape) < 2:
                array[:] = 1.0 if name.endswith(("gamma", "var")) else 0.0
                return
            deviation = np.sqrt(2 / np.prod(array.shape[1:]))
            array[:] = self._random.normal(0, deviation, array.shape).astype(np.float32)

        def _init_default(self, name: str, array: Any) -> None:  # noqa: ARG002 (as MXNet calls it)
            array[:] = 0.0

    network.initialize(_HeInit(), force_reinit=True)
