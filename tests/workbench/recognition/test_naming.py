from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.recognition import naming


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("yolo11n.onnx", "yolo11n"),
        ("detr/model.onnx", "detr"),
        ("detr/net.onnx", "net"),
        ("detr/onnx/model_quantized.onnx", "detr"),
        ("runs/train/weights/best.onnx", "best"),
        ("gate/models/model.onnx", "gate"),
        (
            "models--org--rtdetr/snapshots/0123456789abcdef0123456789abcdef01234567/onnx/model.onnx",
            "models--org--rtdetr",
        ),
        ("my face (v2).onnx", "my-face-v2"),
        ("-x_.onnx", "x"),
        ("门/检测器.onnx", "model"),
        ("a" * 70 + ".onnx", "a" * 63),
    ],
)
def test_names(tmp_path: Path, path: str, name: str) -> None:
    found = naming.name_of(tmp_path / "in" / path)
    assert found == name
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", found)


def test_an_archive_has_a_name_where_the_file_has_none(tmp_path: Path) -> None:
    assert naming.name_of(tmp_path / "model.onnx", archive="shop") == "shop"
    assert naming.name_of(tmp_path / "yolo.onnx", archive="shop") == "yolo"
    assert naming.name_of(tmp_path / "model.onnx", archive="model") == "model"
    assert naming.name_of(tmp_path / "模型.onnx", archive="模型") == "model"
