from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from tests.workbench.recognition import onnx_files
from workbench.errors import RecognitionError
from workbench.recognition import graph_facts
from workbench.recognition.guess import Beside, Guess
from workbench.recognition.heads import ultralytics

CELLS = 126  # of 64 x 96 pixels: steps of 8, 16 and 32
NAMES = "{0: 'person', 1: 'car', 2: 'dog'}"
METADATA = {
    "description": "Ultralytics YOLO11n model trained on /data/d.yaml",
    "author": "Ultralytics",
    "license": "AGPL-3.0 License (https://ultralytics.com/license)",
    "stride": "32",
    "task": "detect",
    "imgsz": "[64, 96]",
    "names": NAMES,
}


def _guesses(path: Path, *shapes: tuple[int, ...], beside: Beside | None = None, **graph: Any) -> list[Guess]:
    outputs = {f"output{number}": np.zeros(shape, np.float32) for number, shape in enumerate(shapes)}
    file = onnx_files.write(path / "model.onnx", outputs, **graph)
    return ultralytics.guesses(graph_facts.read(file), beside or Beside())


def test_metadata_tell_names_and_size(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, (1, 7, CELLS), metadata=METADATA)
    model = guess.model
    assert guess.is_certain
    assert model.classes == ("person", "car", "dog")
    assert model.applications == ("object-detection", "body-detection")
    assert (model.title, model.head, model.engine) == ("YOLO11n model, 64 x 96", "ultralytics", "onnxruntime")
    assert model.licence.spdx == "AGPL-3.0-only"
    given = model.input
    assert (given.tensor, given.resize, given.size, given.width) == ("images", "letterbox", 64, 96)
    assert (given.placement, given.pad_value, given.colour, given.scale) == ("centre", 114, "RGB", 1 / 255)
    assert (given.fixed, given.stride, given.full_decode, given.interpolation) == (True, 32, True, "linear")
    assert (model.output.boxes, model.output.nms_iou, model.output.extra) == ("cxcywh", 0.7, 0)
    assert guess.because == (
        "its metadata are Ultralytics' (YOLO11n model, task detect)",
        "its metadata name 3 classes",
        "output0 (1, 7, 126) is a box and 3 classes for each of 126 cells",
    )


def test_metadata_with_control_characters_fit_a_line(tmp_path: Path) -> None:
    names = "{0: 'person', 1: 'car\\nnew line', 2: '\\x1b[31mdog'}"
    texts = METADATA | {"description": "Ultralytics YOLO\x1b[31m\nserves everything", "names": names}
    (guess,) = _guesses(tmp_path, (1, 7, CELLS), metadata=texts)
    assert guess.model.classes == ("person", "car new line", "[31mdog")
    assert all(text.isprintable() for text in (guess.model.title, *guess.because))


def test_height_and_width_that_change_are_padded_to_the_stride(tmp_path: Path) -> None:
    (guess,) = _guesses(
        tmp_path,
        (1, 7, CELLS),
        metadata=METADATA,
        frame=("batch", 3, "height", "width"),
        declared={"output0": ("batch", 7, "anchors")},
    )
    assert (guess.model.input.size, guess.model.input.width, guess.model.input.fixed) == (64, 96, False)


def test_a_batch_that_changes_leaves_the_size_fixed(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, (1, 7, CELLS), metadata=METADATA, frame=("batch", 3, 64, 96))
    assert guess.model.input.fixed


def test_a_batch_of_several_is_read_as_one_frame(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, (2, 7, CELLS), metadata=METADATA, frame=(2, 3, 64, 96))
    assert guess.because[1:] == (
        "its metadata name 3 classes",
        "output0 (1, 7, 126) is a box and 3 classes for each of 126 cells",
        "it was exported for 2 frames at a time, so each frame is computed 2 times; export it with a batch of 1",
    )


def test_yolov5_pads_to_the_whole_size_and_has_objectness(tmp_path: Path) -> None:
    (guess,) = _guesses(
        tmp_path,
        (1, 25200, 8),
        metadata={"stride": "32", "names": "['person', 'car', 'dog']"},
        frame=("batch", 3, "height", "width"),
        declared={"output0": ("batch", "anchors", "numbers")},
    )
    model = guess.model
    assert (model.input.size, model.input.fixed, model.output.nms_iou) == (640, True, 0.45)
    assert model.classes == ("person", "car", "dog")
    assert model.licence.spdx == "NOASSERTION"


def test_end_to_end_is_not_suppressed(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, (1, 300, 6), metadata=METADATA)
    assert (guess.model.output.boxes, guess.model.output.nms_iou) == ("xyxy", None)


def test_rtdetr_stretches_and_has_shares(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, (1, 300, 6), metadata=METADATA | {"head": "RTDETRDecoder"})
    assert (guess.model.input.resize, guess.model.output.boxes) == ("stretch", "cxcywh")
    assert guess.model.output.normalised
    (older,) = _guesses(tmp_path, (1, 300, 7), metadata=METADATA | {"description": "Ultralytics rtdetr-l model"})
    assert (older.model.input.resize, older.model.output.normalised) == ("stretch", True)


def test_masks_and_key_points_are_not_read(tmp_path: Path) -> None:
    (masks,) = _guesses(tmp_path, (1, 39, CELLS), (1, 32, 16, 24), metadata=METADATA | {"task": "segment"})
    assert masks.model.output.extra == 32
    pose = METADATA | {"task": "pose", "kpt_shape": "[17, 3]"}
    (points,) = _guesses(tmp_path, (1, 7 + 51, CELLS), metadata=pose)
    assert points.model.output.extra == 51
    (final,) = _guesses(tmp_path, (1, 300, 57), metadata=pose)
    assert (final.model.output.extra, final.model.output.nms_iou) == (51, None)


def test_a_person_alone_is_answered_to_body_detection_first(tmp_path: Path) -> None:
    (guess,) = _guesses(tmp_path, (1, 5, CELLS), metadata=METADATA | {"names": "{0: 'person'}"})
    assert guess.model.applications == ("body-detection", "object-detection")


@pytest.mark.parametrize("task", ["classify", "semantic"])
def test_other_tasks_are_left_to_other_heads(tmp_path: Path, task: str) -> None:
    assert _guesses(tmp_path, (1, 7, CELLS), metadata=METADATA | {"task": task}) == []


@pytest.mark.parametrize(
    ("shape", "metadata", "said"),
    [
        (
            (1, 8, CELLS),
            {"task": "obb"},
            "finds rotated boxes .*, which no head reads; export a network of the task detect",
        ),
        ((1, 8, CELLS), {}, r"names 3 classes in its metadata, which do not fit its output \(1, 8, 126\)"),
        ((1, 7, CELLS), {"names": "{0: 'person'"}, "metadata 'names' that cannot be read"),
        ((1, 7, CELLS), {"names": "__import__('os').getcwd()"}, "metadata 'names' that cannot be read"),
        ((1, 7, CELLS), {"names": "{1: 'person', 2: 'car'}"}, "do not count classes from 0"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(
    tmp_path: Path, shape: tuple[int, ...], metadata: dict[str, str], said: str
) -> None:
    with pytest.raises(RecognitionError, match=said):
        _guesses(tmp_path, shape, metadata=METADATA | metadata)


def test_without_metadata_the_count_of_cells_tells(tmp_path: Path) -> None:
    pixels, shares = _guesses(tmp_path, (1, 84, CELLS))
    assert not pixels.is_certain
    assert (pixels.variant, shares.variant) == ("columns", "shares")
    assert pixels.model.classes[:2] == ("person", "bicycle")
    assert any("taken to be those of coco" in each for each in pixels.because)
    assert shares.model.output.normalised


def test_a_file_beside_names_the_classes(tmp_path: Path) -> None:
    beside = Beside(classes=("cat", "dog", "cow"), classes_from="classes.txt")
    guess, _ = _guesses(tmp_path, (1, 7, CELLS), beside=beside)
    assert guess.model.classes == ("cat", "dog", "cow")
    with pytest.raises(RecognitionError, match=r"classes.txt names 3 classes, and the network has 80"):
        _guesses(tmp_path, (1, 84, CELLS), beside=beside)


def test_a_row_of_85_numbers_has_objectness(tmp_path: Path) -> None:
    guesses = _guesses(tmp_path, (1, CELLS, 85))
    assert {guess.model.output.nms_iou for guess in guesses} == {0.45}
    ambiguous = _guesses(tmp_path, (1, CELLS, 9))
    assert {len(guess.model.classes) for guess in ambiguous} == {4, 5}


def test_yolox_that_decodes_in_the_network_keeps_its_preprocessing(tmp_path: Path) -> None:
    outputs = {"output": np.zeros((1, CELLS, 85), np.float32)}
    file = onnx_files.write(tmp_path / "yolox.onnx", outputs)
    graph = graph_facts.read(file)
    assert ultralytics.guesses(graph, Beside())[0].variant == "objectness"
    sliced = dataclasses.replace(graph, operators=graph.operators | {"Slice"})
    guess = ultralytics.guesses(sliced, Beside())[0]
    assert guess.variant == "yolox"
    three = onnx_files.write(tmp_path / "yolov5.onnx", {"output": np.zeros((1, 3 * CELLS, 85), np.float32)})
    with_slices = dataclasses.replace(graph_facts.read(three), operators=sliced.operators)
    assert ultralytics.guesses(with_slices, Beside())[0].variant == "objectness"
    assert (guess.model.input.colour, guess.model.input.scale, guess.model.input.placement) == ("BGR", 1, "top-left")


def test_a_pose_without_metadata_is_one_of_the_guesses(tmp_path: Path) -> None:
    guesses = _guesses(tmp_path, (1, 56, CELLS))
    assert {(len(guess.model.classes), guess.model.output.extra) for guess in guesses} == {(52, 0), (1, 51)}


def test_frames_in_rows_are_taken_as_they_are(tmp_path: Path) -> None:
    guess, _ = _guesses(tmp_path, (1, CELLS, 84 + 1), frame=(1, 64, 96, 3))
    assert (guess.model.input.layout, guess.model.input.size, guess.model.input.width) == ("NHWC", 64, 96)


@pytest.mark.parametrize("shape", [(1, 1000), (1, 197, 192), (1, 5, 17, 3), (1, 84, 8401)])
def test_other_networks_are_no_guess(tmp_path: Path, shape: tuple[int, ...]) -> None:
    assert _guesses(tmp_path, shape) == []


def test_a_graph_that_does_not_run_is_no_guess(tmp_path: Path) -> None:
    """Its output is not declared, and it takes other frames than it says."""
    file = onnx_files.write(
        tmp_path / "model.onnx",
        {"output": np.zeros((1, 84, CELLS), np.float32)},
        frame=("batch", 3, "height", "width"),
        declared={"output": ("a", "b", "c")},
    )
    graph = graph_facts.read(file)
    file.write_bytes(b"no graph")
    assert ultralytics.guesses(graph, Beside()) == []


def test_raw_maps_and_frames_of_one_colour_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecognitionError, match=r"answers raw maps of YOLO, which no head reads; export .*--grid"):
        _guesses(tmp_path, (1, 3, 8, 12, 8), (1, 3, 4, 6, 8), (1, 3, 2, 3, 8))
    with pytest.raises(RecognitionError, match="takes no frames of three colours"):
        _guesses(tmp_path, (1, 7, CELLS), metadata=METADATA, frame=(1, 1, 64, 96))


def test_rows_of_seven_numbers_need_suppression_in_the_graph(tmp_path: Path) -> None:
    """Seven probabilities of a classifier are no boxes."""
    metadata = {"stride": "32", "names": "['a', 'b', 'c', 'd', 'e', 'f', 'g']"}
    assert _guesses(tmp_path, (1, 7), metadata=metadata) == []
    file = onnx_files.write(
        tmp_path / "yolov7.onnx", {"output": np.zeros((0, 7), np.float32)}, declared={"output": ("n", 7)}
    )
    graph = graph_facts.read(file)
    suppressing = dataclasses.replace(graph, operators=graph.operators | {"NonMaxSuppression"})
    (guess,) = ultralytics.guesses(suppressing, Beside())
    assert (guess.variant, guess.model.output.boxes, guess.model.output.nms_iou) == ("batched-end-to-end", "xyxy", None)


def test_three_hundred_rows_of_six_without_metadata_are_of_yolo_or_rtdetr(tmp_path: Path) -> None:
    file = onnx_files.write(tmp_path / "model.onnx", {"output0": np.zeros((1, 300, 6), np.float32)})
    graph = graph_facts.read(file)
    (plain,) = ultralytics.guesses(graph, Beside())
    assert (plain.variant, plain.model.input.resize, plain.model.output.boxes) == ("end-to-end", "letterbox", "xyxy")
    attending = dataclasses.replace(graph, operators=graph.operators | {"GridSample"})
    (transformer,) = ultralytics.guesses(attending, Beside())
    assert (transformer.variant, transformer.model.input.resize) == ("rtdetr", "stretch")
    assert transformer.model.output.normalised
    queries = onnx_files.write(tmp_path / "queries.onnx", {"output0": np.zeros((1, 300, 84), np.float32)})
    assert ultralytics.guesses(graph_facts.read(queries), Beside()) == []
    older = dataclasses.replace(graph_facts.read(queries), operators=attending.operators)
    assert [guess.variant for guess in ultralytics.guesses(older, Beside())] == ["rtdetr"]


def test_any_size_without_metadata_is_padded_to_the_stride(tmp_path: Path) -> None:
    guess, _ = _guesses(tmp_path, (1, 84, 8400), frame=(1, 3, "h", "w"), declared={"output0": (1, 84, "cells")})
    assert (guess.model.input.size, guess.model.input.fixed) == (640, False)


def test_an_end_to_end_graph_tells_how_many_classes_it_compares(tmp_path: Path) -> None:
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 8400, 3])
    graph = helper.make_graph(
        [
            helper.make_node("Shape", ["images"], ["sides"]),
            helper.make_node("ConstantOfShape", ["sides_of_scores"], ["scores"]),
            helper.make_node("ReduceMax", ["scores"], ["best"], axes=[2]),
            helper.make_node("ConstantOfShape", ["sides_of_rows"], ["output0"]),
        ],
        "end-to-end",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 96])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 300, 6])],
        [
            numpy_helper.from_array(np.array([1, 8400, 3]), "sides_of_scores"),
            numpy_helper.from_array(np.array([1, 300, 6]), "sides_of_rows"),
        ],
        value_info=[scores],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), tmp_path / "e.onnx")
    (guess,) = ultralytics.guesses(graph_facts.read(tmp_path / "e.onnx"), Beside())
    assert guess.model.classes == ("class 0", "class 1", "class 2")
