from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from workbench.recognition import plain_words
from workbench.recognition.recognised import Recognised

_YOLOX = catalogue.load().model("yolox_nano")


def test_lines_of_a_report() -> None:
    one = Recognised(_YOLOX, ("its rows are YOLOX's", "its names"), Path("a/gate.onnx"))
    assert plain_words.lines(one) == [
        "recognised  yolox_nano: YOLOX-nano (COCO), ONNX, read by the head yolox",
        "because     its rows are YOLOX's",
        "because     its names",
        "input       images: fitted into 416 x 416 (at the top left), the rest filled with 114; "
        "BGR 0 to 255, linear, NCHW",
        "classes     80: person, bicycle, car, motorcycle, airplane, bus, train, truck and 72 more",
        "serves      body-detection, object-detection",
    ]
    document = plain_words.document(one)
    assert (document["file"], document["head"], document["input"]["size"]) == ("a/gate.onnx", "yolox", 416)
    assert (document["because"], len(document["classes"])) == (["its rows are YOLOX's", "its names"], 80)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resize": "stretch", "width": 640}, "stretched to 640 x 416"),
        ({"resize": "centre-crop", "crop_from": 480}, "short side to 480, the middle 416 x 416 cut out"),
        ({"resize": "short-side"}, "short side to 416, the long one at most 416, in steps of 32"),
        ({"resize": "aligned-face"}, "a face turned and scaled to 416 x 416"),
        ({"fixed": False}, "fitted into 416 x 416, filled with 114 up to a multiple of 32"),
        ({"scale": 1 / 255}, "BGR 0 to 1,"),
        ({"mean": (127.5,) * 3, "std": (128.0,) * 3}, "BGR 0 to 255, minus 127.5, over 128,"),
        ({"mean": (1.0, 2.0, 3.0)}, "minus 1/2/3, over 1,"),
    ],
)
def test_preprocessing_in_words(changes: dict[str, object], words: str) -> None:
    assert words in plain_words.of_input(dataclasses.replace(_YOLOX.input, **changes))  # type: ignore[arg-type]
