from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from tests.workbench.recognition import onnx_files
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside
from workbench.recognition.heads import arcface


def _embedder(path: Path, *, operators: tuple[tuple[str, float], ...] = (), numbers: int = 128) -> Path:
    """Write an embedder whose first computations are ``operators``, each with one number."""
    nodes, values, source = [], [], "data"
    for index, (operator, number) in enumerate(operators):
        values.append(numpy_helper.from_array(np.array(number, np.float32), f"number{index}"))
        nodes.append(helper.make_node(operator, [source, f"number{index}"], [f"at{index}"]))
        source = f"at{index}"
    values.append(numpy_helper.from_array(np.zeros((numbers, 3, 112, 112), np.float32), "weights"))
    nodes += [helper.make_node("Conv", [source, "weights"], ["map"]), helper.make_node("Flatten", ["map"], ["fc1"])]
    graph = helper.make_graph(
        nodes,
        "embedder",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["batch", 3, 112, 112])],
        [helper.make_tensor_value_info("fc1", TensorProto.FLOAT, ["batch", numbers])],
        values,
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def test_an_embedder_is_told_by_its_face_and_its_vector(tmp_path: Path) -> None:
    (guess,) = arcface.guesses(graph_facts.read(_embedder(tmp_path / "e.onnx")), Beside())
    model = guess.model
    assert guess.is_certain
    assert (model.role, model.head, model.applications) == ("face-embedder", "arcface", ("face-comparison",))
    assert (model.dimensions, model.input.tensor, model.input.size) == (128, "data", 112)
    assert (model.input.resize, model.input.colour) == ("aligned-face", "RGB")
    assert (model.input.mean[0], model.input.std[0], model.input.scale) == (127.5, 127.5, 1)
    assert guess.because[0] == "a face of 112 x 112 pixels becomes 128 numbers"


@pytest.mark.parametrize(
    ("operators", "inside"),
    [
        ((("Sub", 127.5), ("Mul", 0.0078125)), True),
        ((("Sub", 127.5), ("Div", 128)), True),
        ((("Mul", 1 / 127.5), ("Add", -1)), True),
        ((("Mul", 1 / 255),), False),
        ((("Pow", 1),), False),
    ],
)
def test_a_graph_that_normalises_takes_the_face_as_it_is(
    tmp_path: Path, operators: tuple[tuple[str, float], ...], inside: bool
) -> None:
    (guess,) = arcface.guesses(graph_facts.read(_embedder(tmp_path / "e.onnx", operators=operators)), Beside())
    assert (guess.model.input.mean[0], guess.model.input.std[0]) == ((0, 1) if inside else (127.5, 127.5))


def test_faces_in_rows_are_taken(tmp_path: Path) -> None:
    path = onnx_files.write(
        tmp_path / "e.onnx", {"embedding": np.zeros((1, 512), np.float32)}, frame=("batch", 112, 112, 3)
    )
    (guess,) = arcface.guesses(graph_facts.read(path), Beside())
    assert (guess.model.input.layout, guess.model.dimensions) == ("NHWC", 512)


@pytest.mark.parametrize(
    ("shape", "frame"),
    [
        ((1, 63), (1, 3, 112, 112)),
        ((1, 1025), (1, 3, 112, 112)),
        ((1, 512), (1, 3, 160, 160)),
        ((1, 512), (1, 1, 112, 112)),
        ((1, 512), (1, 3, "height", "width")),
        ((1, 7, 512), (1, 3, 112, 112)),
    ],
)
def test_other_networks_are_no_guess(tmp_path: Path, shape: tuple[int, ...], frame: tuple[int, ...]) -> None:
    path = onnx_files.write(tmp_path / "e.onnx", {"output": np.zeros(shape, np.float32)}, frame=frame)
    assert arcface.guesses(graph_facts.read(path), Beside()) == []


def test_names_of_as_many_classes_make_it_uncertain(tmp_path: Path) -> None:
    facts = graph_facts.read(_embedder(tmp_path / "e.onnx", numbers=100))
    names = Beside(classes=tuple(map(str, range(100))), classes_from="labels.txt")
    assert not arcface.guesses(facts, names)[0].is_certain
