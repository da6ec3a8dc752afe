from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from tests.tiny_models import write_older_layout
from workbench.capacity.planned_model import chosen
from workbench.errors import PlanError


def _described(folder: Path, base: str, name: str) -> str:
    model = dataclasses.asdict(catalogue.load().model(base)) | {"name": name}
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(model))
    return str(folder)


def test_models_of_the_catalogue() -> None:
    assert chosen(None, None).name == "yolo3_darknet53_coco"
    body = chosen("yolox_nano", None)
    assert (body.name, body.application, body.engines) == ("yolox_nano", "body-detection", frozenset({"onnxruntime"}))
    assert chosen("yunet_n+mobileface_v2", None).application == "face-comparison"
    assert chosen("gate", "custom").name == "gate"


def test_a_model_of_ones_own_has_its_own_name_and_application(tmp_path: Path) -> None:
    shop = chosen(_described(tmp_path / "folder", "yolox_nano", "shop"), None)
    assert (shop.name, shop.application, shop.engines) == ("shop", "body-detection", frozenset({"onnxruntime"}))
    pair = chosen(f"yunet_n+{_described(tmp_path / 'face', 'mobileface_v2', 'myface')}", None)
    assert (pair.name, pair.application) == ("yunet_n+myface", "face-comparison")
    for part in ("store/yunet_n", "links"):
        (tmp_path / part).mkdir(parents=True)
    pair.link_into(tmp_path / "links", tmp_path / "store")
    assert {path.name: path.resolve() for path in (tmp_path / "links").iterdir()} == {
        "yunet_n": tmp_path / "store/yunet_n",
        "myface": tmp_path / "face",
    }


def test_the_older_layout(tmp_path: Path) -> None:
    write_older_layout(tmp_path, "face_detector_red")
    red = chosen(str(tmp_path), None)
    assert (red.name, red.application, red.engines) == ("red", "face-detection", frozenset({"mxnet"}))


def test_what_serves_something_else(tmp_path: Path) -> None:
    shop = _described(tmp_path / "shop", "yolox_nano", "shop")
    with pytest.raises(PlanError, match="shop does not serve face-detection; it takes"):
        chosen(shop, "face-detection")
    with pytest.raises(PlanError, match="myface is one half of a pair"):
        chosen(_described(tmp_path / "face", "mobileface_v2", "myface"), None)
    with pytest.raises(PlanError, match=r"has no model\.json; name a model folder, or a packed model"):
        chosen(str(tmp_path), None)
