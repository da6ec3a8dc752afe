from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import Model, ModelOutput
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.models import heads
from ipc_ai_serving.models.heads import scrfd

SHAPE = (1, 3, 64, 96)
VALUES = {"score": 1, "bbox": 4, "kps": 10}
Outputs = dict[str, npt.NDArray[np.float32]]


def _model(**output: Any) -> Model:
    return dataclasses.replace(
        catalogue.load().model("yunet_n"), head="scrfd", classes=("face",), output=ModelOutput(**output)
    )


def _maps(*, anchors: int = 2, kinds: tuple[str, ...] = ("score", "bbox", "kps")) -> Outputs:
    """Maps (1, anchors * values, rows, columns) with one face at the second anchor (or the only one) of a cell."""
    strides = (8, 16, 32)
    outputs = {
        f"{kind}_{stride}": np.zeros((1, anchors * VALUES[kind], 64 // stride, 96 // stride), np.float32)
        for kind in kinds
        for stride in strides
    }
    row, column = 1, 3  # of steps of 16 pixels: the corner is 48, 16
    values = {"score": [0.75], "bbox": [1, 0.5, 2, 1.5], "kps": [-0.5, 0, 0.5, 0, 0, 0.25, -0.5, 0.5, 0.5, 0.5]}
    for kind in kinds:
        first = (anchors - 1) * VALUES[kind]
        outputs[f"{kind}_16"][0, first : first + VALUES[kind], row, column] = values[kind]
    return outputs


def _rows(maps: Outputs, *, batched: bool = False) -> Outputs:
    rows = {name: values[0].transpose(1, 2, 0).reshape(-1, VALUES[name.split("_")[0]]) for name, values in maps.items()}
    return {name: values[None] for name, values in rows.items()} if batched else rows


BOX = [48 - 16, 16 - 8, 48 + 32, 16 + 24]
POINTS = [[40, 16], [56, 16], [48, 20], [40, 24], [56, 24]]


@pytest.mark.parametrize("anchors", [1, 2])
@pytest.mark.parametrize("form", ["maps", "rows", "batched"])
def test_a_face_is_decoded_from_any_form(form: str, anchors: int) -> None:
    outputs = _maps(anchors=anchors)
    if form != "maps":
        outputs = _rows(outputs, batched=form == "batched")
    heads.check("scrfd", outputs, _model(), SHAPE)
    found = scrfd.decode(outputs, _model(), SHAPE)
    assert found.boxes.tolist() == [BOX]
    assert found.scores.tolist() == [0.75]
    assert found.landmarks is not None
    assert found.landmarks.tolist() == [POINTS]
    assert found.classes is not None
    assert found.classes.tolist() == [0]


def test_neither_names_nor_order_matter() -> None:
    outputs = _rows(_maps())
    turned = {str(number): values for number, values in enumerate(reversed(outputs.values()))}
    heads.check("scrfd", turned, _model(), SHAPE)
    assert scrfd.decode(turned, _model(), SHAPE).boxes.tolist() == [BOX]


def test_landmarks_may_be_missing() -> None:
    outputs = _maps(kinds=("score", "bbox"))
    heads.check("scrfd", outputs, _model(), SHAPE)
    found = scrfd.decode(outputs, _model(), SHAPE)
    assert (found.boxes.tolist(), found.landmarks) == ([BOX], None)


def test_five_maps_of_one_anchor_are_read() -> None:
    shape = (1, 3, 128, 256)
    outputs: Outputs = {}
    for stride in (8, 16, 32, 64, 128):
        cells = (128 // stride) * (256 // stride)
        outputs[f"s{stride}"] = np.zeros((cells, 1), np.float32)
        outputs[f"b{stride}"] = np.full((cells, 4), 0.25, np.float32)
    outputs["s128"][1] = 0.5
    heads.check("scrfd", outputs, _model(), shape)
    assert scrfd.decode(outputs, _model(), shape).boxes.tolist() == [[96, -32, 160, 32]]


def test_logits_become_probabilities() -> None:
    outputs = _maps()
    for stride in (8, 16, 32):
        score = outputs[f"score_{stride}"]
        score[...] = np.where(score > 0, np.log(3), -9)
    model = _model(activation="sigmoid")
    heads.check("scrfd", outputs, model, SHAPE)
    assert scrfd.decode(outputs, model, SHAPE).scores.tolist() == pytest.approx([0.75])


def test_faces_that_overlap_are_one() -> None:
    outputs = _rows(_maps())
    number = int(outputs["score_16"].argmax()) - 1  # the cell's other anchor
    outputs["score_16"][number] = 0.5
    outputs["bbox_16"][number] = 1, 0.5, 2, 1.5
    assert len(scrfd.decode(outputs, _model(), SHAPE).scores) == 1


def _without(name: str) -> Outputs:
    return {key: value for key, value in _maps().items() if key != name}


def _with(name: str, value: float) -> Outputs:
    outputs = _maps()
    outputs[name][0, 0, 0, 0] = value
    return outputs


@pytest.mark.parametrize(
    ("outputs", "output", "said"),
    [
        (_without("kps_8"), {}, r"for 64 x 96 pixels its outputs are score_8 \(1, 2, 8, 12\), score_16"),
        (_without("score_32"), {}, "the head 'scrfd' reads the six or nine outputs"),
        ({"output": np.zeros((1, 126, 85), np.float32)}, {}, r"its outputs are output \(1, 126, 85\)"),
        (_maps() | {"score_8": np.zeros((1, 1, 8, 12), np.float32)}, {}, "its outputs are"),
        (_with("score_8", 3), {}, "a score of 3 is no probability"),
        (_with("score_8", np.nan), {}, "no numbers"),
        (_with("bbox_8", 500), {}, "a box reaches 4000 pixels from its cell"),
        (_maps(), {"activation": "sigmoid"}, "output.activation must be none"),
    ],
)
def test_another_network_is_refused_with_the_reason(outputs: Outputs, output: dict[str, str], said: str) -> None:
    with pytest.raises(ModelLoadError, match=said):
        heads.check("scrfd", outputs, _model(**output), SHAPE)


@pytest.mark.parametrize(("pixel", "faces"), [(0.25, 2), (4.0, 1)])
def test_boxes_compete_with_the_last_pixel_of_the_frame(pixel: float, faces: int) -> None:
    """Two boxes of 16 x 16 network pixels, 7 apart, overlap by 0.39, and by more the larger a pixel of the frame is."""
    outputs = _rows(_maps(anchors=1, kinds=("score", "bbox")))
    outputs["score_16"][:] = 0
    cells = {2: [0.5, 0.5, 0.5, 0.5], 3: [1.0625, 0.5, 0.0625 - 0.125, 0.5]}  # of row 1: corners at 32 and 48
    for number, (column, distances) in enumerate(cells.items()):
        outputs["score_16"][6 + column] = 0.9 - 0.1 * number
        outputs["bbox_16"][6 + column] = distances
    found = scrfd.decode(outputs, _model(), SHAPE, None, pixel)
    assert len(found.scores) == faces
