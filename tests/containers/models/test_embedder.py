from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.models import embedder


def _zeros(*shape: int) -> npt.NDArray[np.float32]:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize("dimensions", [None, 128])
def test_one_vector_a_face_is_an_embedding(dimensions: int | None) -> None:
    embedder._check({"fc1": _zeros(2, 128)}, 2, dimensions)


@pytest.mark.parametrize(
    ("outputs", "dimensions", "says"),
    [
        ({"fc1": _zeros(2, 128)}, 512, r"are \(2, 128\); expected is one of \(2, 512\)"),
        ({"fc1": _zeros(2, 64, 7, 7)}, None, r"are \(2, 64, 7, 7\)"),
        ({"fc1": _zeros(2, 128), "landmarks": _zeros(2, 10)}, None, r"are \(2, 128\), \(2, 10\)"),
        ({"fc1": _zeros(1, 256)}, None, r"are \(1, 256\)"),
        ({"fc1": _zeros(2, 128) + np.float32("nan")}, None, "no numbers"),
    ],
)
def test_other_outputs_are_refused(
    outputs: dict[str, npt.NDArray[np.float32]], dimensions: int | None, says: str
) -> None:
    with pytest.raises(ModelLoadError, match=says):
        embedder._check(outputs, 2, dimensions)
