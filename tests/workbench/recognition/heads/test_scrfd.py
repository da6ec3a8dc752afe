from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.workbench.recognition import onnx_files
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside, Guess
from workbench.recognition.heads import scrfd

ROWS = {8: 96, 16: 24, 32: 6}  # cells of 64 x 96 pixels


def _outputs(*values: int, as_maps: bool = False) -> dict[str, npt.NDArray[np.float32]]:
    return {
        f"{count}_{stride}": np.zeros(
            (1, 2 * count, 64 // stride, 96 // stride) if as_maps else (2 * cells, count), np.float32
        )
        for count in values
        for stride, cells in ROWS.items()
    }


def _guesses(path: Path, outputs: dict[str, npt.NDArray[np.float32]], **graph: object) -> list[Guess]:
    file = onnx_files.write(path / "model.onnx", outputs, name="input.1", **graph)  # type: ignore[arg-type]
    return scrfd.guesses(graph_facts.read(file), Beside())


def test_nine_outputs_are_a_detector_for_comparison_too(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, _outputs(1, 4, 10))
    model = guess.model
    assert guess.is_certain
    assert model.applications == ("face-detection", "face-comparison", "object-detection")
    assert (model.head, model.classes, model.role) == ("scrfd", ("face",), "detector")
    given = model.input
    assert (given.tensor, given.size, given.width, given.resize) == ("input.1", 64, 96, "letterbox")
    assert (given.placement, given.pad_value, given.rounding, given.colour) == ("top-left", 0, "cut", "RGB")
    assert (given.mean[0], given.std[0], given.scale) == (127.5, 128, 1)
    assert guess.because == (
        "its 9 outputs are scores, boxes and landmarks of 3 maps of 64 x 96 pixels, as SCRFD has them",
    )


def test_six_outputs_have_no_landmarks(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, _outputs(1, 4))
    assert guess.model.applications == ("face-detection", "object-detection")


def test_a_network_that_takes_any_size_gets_that_of_insightface(tmp_path: Path) -> None:
    outputs = {
        f"{count}_{stride}": np.zeros((2 * (640 // stride) ** 2, count), np.float32)
        for count in (1, 4, 10)
        for stride in ROWS
    }
    declared = {name: (f"{name}_rows", f"{name}_numbers") for name in outputs}
    (guess,) = _guesses(tmp_path, outputs, frame=("b", 3, "h", "w"), declared=declared)
    assert (guess.model.input.size, guess.model.input.width, guess.model.input.fixed) == (640, None, True)


def test_maps_have_probabilities_or_logits(tmp_path: Path) -> None:
    guesses = _guesses(tmp_path, _outputs(1, 4, 10, as_maps=True))
    assert [(guess.variant, guess.model.output.activation) for guess in guesses] == [
        ("probabilities", "none"),
        ("logits", "sigmoid"),
    ]


@pytest.mark.parametrize("values", [(1, 4, 5), (1, 5), (4, 10)])
def test_other_outputs_are_no_guess(tmp_path: Path, values: tuple[int, ...]) -> None:
    assert _guesses(tmp_path, _outputs(*values)) == []
