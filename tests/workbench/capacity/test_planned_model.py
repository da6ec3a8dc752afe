from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import UnknownNameError
from tests.measured_model import MEASURED
from tests.tiny_models import write_older_layout
from workbench.capacity.planned_model import chosen
from workbench.capacity.throughput import Measurement
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


def test_a_measured_model_is_found_by_its_own_name_alone() -> None:
    measured = [
        _measured("shop", "body-detection", ("onnxruntime",)),
        _measured("yunet_n+myface", "face-comparison", ("mxnet", "onnxruntime")),
        _measured("yolox_nano", "face-detection", ()),
    ]
    shop = chosen("shop", None, measured)
    assert (shop.name, shop.application, shop.engines) == ("shop", "body-detection", frozenset({"onnxruntime"}))
    assert chosen("shop", "body-detection", measured) == shop
    assert chosen("yunet_n+myface", None, measured).application == "face-comparison"
    assert chosen("yolox_nano", None, measured).application == "body-detection"  # the catalogue's, as ever
    for word, application in (("shop", "face-detection"), ("shp", None)):
        with pytest.raises(UnknownNameError, match=f"unknown model '{word}'"):
            chosen(word, application, measured)


def _measured(model: str, application: str, engines: tuple[str, ...]) -> Measurement:
    return dataclasses.replace(MEASURED, model=model, application=application, engines=engines)


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
