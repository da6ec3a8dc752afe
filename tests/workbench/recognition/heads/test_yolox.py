from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.onnx_graphs import write_graph, write_yolox
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside
from workbench.recognition.heads import yolox


def test_its_input_is_that_of_the_project(tmp_path: Path) -> None:
    write_yolox(tmp_path / "x.onnx", side=96, classes=1)
    (guess,) = yolox.guesses(
        graph_facts.read(tmp_path / "x.onnx"), Beside(classes=("person",), classes_from="labels.txt")
    )
    spec = guess.model.input
    assert (spec.tensor, spec.resize, spec.size, spec.width, spec.placement) == (
        "images",
        "letterbox",
        96,
        None,
        "top-left",
    )
    assert (spec.colour, spec.scale, spec.mean, spec.std, spec.pad_value) == ("BGR", 1, (0, 0, 0), (1, 1, 1), 114)
    assert spec.full_decode
    assert guess.model.applications == ("body-detection", "object-detection")


def test_one_that_is_not_square(tmp_path: Path) -> None:
    cells = sum((64 // stride) * (96 // stride) for stride in (8, 16, 32))
    write_graph(tmp_path / "x.onnx", inputs={"i": (1, 3, 64, 96)}, outputs={"o": np.zeros((1, cells, 7))})
    (guess,) = yolox.guesses(graph_facts.read(tmp_path / "x.onnx"), Beside())
    assert (guess.model.input.size, guess.model.input.width) == (64, 96)
    assert guess.model.classes == ("class 0", "class 1")


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        ((1, 3, 64, 64), (1, 252, 85)),  # three anchors a cell
        ((1, 3, 64, 64), (1, 84, 5)),
        ((1, 3, "h", "w"), (1, 84, 85)),
        ((1, 1, 64, 64), (1, 84, 85)),
    ],
)
def test_others(tmp_path: Path, shape: tuple[int | str, ...], answer: tuple[int, ...]) -> None:
    write_graph(tmp_path / "x.onnx", inputs={"images": shape}, outputs={"output": np.zeros(answer)})
    assert yolox.guesses(graph_facts.read(tmp_path / "x.onnx"), Beside()) == []
