"""Verb over a tiny MXNet network that finds pure red, with drawn frames and labels."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper

import ipc_ai_catalogue as catalogue
from tests.tiny_models import write_older_layout, write_yolox_onnx
from workbench.__main__ import main

NAME = "yolo3_mobilenet1.0_coco"
# The network's boxes are its cells of 32 x 32 pixels, and the red square covers four of them.
_CELLS = [(x, y, x + 32, y + 32) for x in (128, 160) for y in (224, 256)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_older_layout(tmp_path / "store" / NAME, f"body_detector_{NAME}")
    return tmp_path / "store"


@pytest.fixture
def frames(tmp_path: Path, red_square_frame: npt.NDArray[np.uint8]) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for name in ("gate.png", "yard.png"):
        cv2.imwrite(str(folder / name), red_square_frame)
    return folder


def _write_pascal(frame: Path, boxes: list[tuple[int, int, int, int]]) -> None:
    lines = [
        f'Bounding box for object {number} "person" (Xmin, Ymin) - (Xmax, Ymax) : '
        f"({left + 1}, {top + 1}) - ({right}, {bottom})"
        for number, (left, top, right, bottom) in enumerate(boxes, 1)
    ]
    frame.with_suffix(".txt").write_text("\n".join(["# Compatible with PASCAL Annotation Version 1.00", *lines]))


def _write_coco(folder: Path, boxes: dict[str, list[tuple[int, int, int, int]]]) -> None:
    document = {
        "images": [{"id": number, "file_name": name} for number, name in enumerate(boxes)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {"image_id": number, "category_id": 1, "bbox": [left, top, right - left, bottom - top]}
            for number, found in enumerate(boxes.values())
            for left, top, right, bottom in found
        ],
    }
    (folder / "labels.json").write_text(json.dumps(document))


def _compile(store: Path, *words: str) -> int:
    output = ["--output", str(store.parent / "compiled")]
    return main(["compile", NAME, "--store", str(store), "--input-shape", "1,3,416,416", *output, *words])


def _report(store: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code = _compile(store, "--json", *words)
    captured = capsys.readouterr()
    assert code == 0, captured.err
    report: dict[str, Any] = json.loads(captured.out)
    return report


def test_8_bits_are_written_and_their_accuracy_stands_next_to_that_of_32(
    store: Path, frames: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("gate.png", "yard.png"):
        _write_pascal(frames / name, _CELLS)
    report = _report(store, capsys, "--int8", "--calibration", str(frames))
    assert report["parity"]["matched"] == 8
    assert report["int8"]["matched"] == 8
    right = {"frames": 2, "labels": 8, "average_precision": 1, "precision": 1, "recall": 1}
    assert report["accuracy"]["fp32"] == right
    assert report["accuracy"]["int8"] == right
    (graph,) = (store.parent / "compiled").glob("*.onnx")
    assert graph.name == f"{NAME}-int8.onnx"
    assert graph.stat().st_size == report["bytes"]["int8"]
    described = json.loads((store.parent / "compiled/model.json").read_text())
    assert described["engine"] == "onnxruntime"
    assert described["title"].endswith("compiled to ONNX, INT8")


@pytest.mark.parametrize(("is_int8", "sides"), [(False, {(1, 1), (4, 1), (1, 4)}), (True, {(1, 1), (3, 3)})])
def test_convolutions_of_32_bits_are_winograds_and_those_of_8_are_not(
    store: Path, frames: Path, capsys: pytest.CaptureFixture[str], is_int8: bool, sides: set[tuple[int, int]]
) -> None:
    write_older_layout(store / NAME, f"body_detector_{NAME}", hidden_channels=128)
    words = ["--int8", "--calibration", str(frames)] if is_int8 else ["--frames", str(frames)]
    report = _report(store, capsys, *words)
    assert report["parity"]["matched"] == 8
    (graph,) = (store.parent / "compiled").glob("*.onnx")
    weights = onnx.load(str(graph)).graph.initializer
    assert {tuple(each.dims[2:]) for each in weights if len(each.dims) == 4} == sides


def test_labels_of_other_frames_count_and_may_be_cocos(
    store: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = tmp_path / "labelled"
    labelled.mkdir()
    (labelled / "a.png").write_bytes((frames / "gate.png").read_bytes())
    (labelled / "b.png").write_bytes((frames / "gate.png").read_bytes())
    missed = (0, 0, 32, 32)
    _write_coco(labelled, {"a.png": [*_CELLS, missed], "b.png": []})
    report = _report(store, capsys, "--int8", "--calibration", str(frames), "--labels", str(labelled))
    figures = report["accuracy"]["fp32"]
    assert (figures["frames"], figures["labels"]) == (2, 5)
    assert (figures["precision"], figures["recall"]) == (0.5, 0.8)


def test_frames_without_labels_leave_the_accuracy_open(
    store: Path, frames: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _compile(store, "--int8", "--calibration", str(frames)) == 0
    said = capsys.readouterr().out
    assert "no labels beside the frames: accuracy unknown" in said
    run_here = f"applicationType=body-detection detectorModelName={NAME} modelDataUrl={store.parent / 'compiled'}"
    assert said.endswith(f"ipc-ai up --parameters {run_here}\n")


def test_frames_in_which_nothing_is_found_prove_nothing(
    store: Path, frames: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in frames.iterdir():
        cv2.imwrite(str(path), np.full((416, 416, 3), 128, np.uint8))
    assert _compile(store, "--frames", str(frames)) == 1
    assert "nothing was found in any frame, so nothing is proved" in capsys.readouterr().err
    assert not (store.parent / "compiled").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--labels", "{frames}"], "--labels is for --int8; add it, with frames for --calibration"),
        (["--int8", "--calibration", "{frames}/none"], "there is no .*/none; give a frame or a folder of frames"),
        (
            ["--int8", "--calibration", "{frames}", "--labels", "{frames}/.."],
            "has no frames; put JPEG, PNG, WebP or BMP",
        ),
        (["--int8", "--calibration", "{frames}", "--labels", "{frames}"], "gate.txt has no labels in PASCAL's format"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    store: Path, frames: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (frames / "gate.txt").write_text("the gate")
    assert _compile(store, *(word.format(frames=frames) for word in words)) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.search(says, said), said
    assert not (store.parent / "compiled").exists()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A detector of one's own on ONNX Runtime, under a head of the catalogue."""
    write_yolox_onnx(tmp_path / "shop/net.onnx")
    graph = onnx.load(str(tmp_path / "shop/net.onnx"))
    weights = next(each for each in graph.graph.initializer if each.name == "weights")
    # As in trained networks: ONNX Runtime rounds the bias of a filter of zeros to whole numbers.
    values = numpy_helper.to_array(weights) + np.float32(1e-6)
    weights.CopyFrom(numpy_helper.from_array(values, "weights"))
    onnx.save(graph, str(tmp_path / "shop/net.onnx"))
    model = dataclasses.asdict(catalogue.load().model("yolox_nano")) | {"name": "shop"}
    model["files"] = {"any": [{"name": "net.onnx", "role": "onnx"}]}
    (tmp_path / "shop/model.json").write_text(json.dumps(model))
    return tmp_path / "shop"


@pytest.mark.parametrize("form", ["folder", "archive", "file"])
def test_a_model_on_onnx_runtime_is_quantised(
    own: Path, frames: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if form == "archive":
        shutil.make_archive(str(tmp_path / "packed"), "gztar", own)
    named = {"folder": own, "archive": tmp_path / "packed.tar.gz", "file": own / "net.onnx"}[form]
    for path in frames.iterdir():
        _write_pascal(path, [(120, 216, 200, 296)])
    words = ["compile", str(named), "--output", str(tmp_path / "compiled"), "--json"]
    assert main([*words, "--int8", "--calibration", str(frames)]) == 0, capsys.readouterr().err
    report = json.loads(capsys.readouterr().out)
    assert report["parity"]["largest_box_shift_px"] == 0
    assert report["int8"]["matched"] == report["parity"]["matched"] > 0
    assert report["accuracy"]["int8"] == report["accuracy"]["fp32"]
    graph = onnx.load(str(tmp_path / "compiled/shop-int8.onnx")).graph
    assert "QuantizeLinear" in {node.op_type for node in graph.node}
    described = json.loads((tmp_path / "compiled/model.json").read_text())
    assert (described["name"], described["engine"], described["head"]) == ("shop", "onnxruntime", "yolox")


def test_what_is_not_quantised_says_why(
    own: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    int8 = ["--int8", "--calibration", str(frames)]

    def said(model: Path, *words: str) -> str:
        assert main(["compile", str(model), "--output", str(tmp_path / "compiled"), *words]) == 2
        return capsys.readouterr().err.splitlines()[-1]

    assert "shop runs on ONNX Runtime already; quantise it to 8 bits with --int8 --calibration DIR" in said(own)
    assert main(["compile", str(own), "--output", str(tmp_path / "small"), *int8]) == 0
    capsys.readouterr()
    assert "shop-int8.onnx is in 8 bits already; quantise the graph of 32 bits" in said(tmp_path / "small", *int8)


def test_a_bare_graph_is_recognised_and_quantised(
    own: Path, frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "model.json").unlink()
    words = ["compile", str(own / "net.onnx"), "--head", "yolox", "--output", str(tmp_path / "compiled")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("ipc-ai compile: net runs on ONNX Runtime already; quantise it")
    assert said.count("\n") == 1
    assert main([*words, "--int8", "--calibration", str(frames), "--json"]) == 0
    printed, said = capsys.readouterr()
    (recognised,) = json.loads(printed)["recognised"]
    assert (recognised["name"], recognised["head"]) == ("net", "yolox")
    assert said.startswith("recognised  net: YOLOX, 416 x 416, read by the head yolox")
    described = json.loads((tmp_path / "compiled/model.json").read_text())
    assert (described["name"], described["classes"][0]) == ("net", "person")
