from __future__ import annotations

from pathlib import Path

from tests.onnx_graphs import write_graph, write_yolox, write_yunet
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside
from workbench.recognition.heads import yunet


def test_its_outputs_tell_it(tmp_path: Path) -> None:
    write_yunet(tmp_path / "x.onnx")
    (guess,) = yunet.guesses(graph_facts.read(tmp_path / "x.onnx"), Beside())
    assert guess.is_certain
    assert guess.model.applications == ("face-detection", "face-comparison")
    spec = guess.model.input
    assert (spec.tensor, spec.resize, spec.size, spec.colour, spec.scale) == ("input", "letterbox", 64, "BGR", 1)


def test_one_of_any_size_keeps_the_frames_shape(tmp_path: Path) -> None:
    import numpy as np

    names = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)]
    outputs = {name: np.zeros((1, 4, 1)) for name in names}
    write_graph(tmp_path / "x.onnx", inputs={"input": (1, 3, "height", "width")}, outputs=outputs)
    (guess,) = yunet.guesses(graph_facts.read(tmp_path / "x.onnx"), Beside())
    assert (guess.model.input.resize, guess.model.input.size, guess.model.input.max_long_side) == (
        "short-side",
        640,
        1280,
    )


def test_others(tmp_path: Path) -> None:
    write_yolox(tmp_path / "x.onnx")
    assert yunet.guesses(graph_facts.read(tmp_path / "x.onnx"), Beside()) == []
