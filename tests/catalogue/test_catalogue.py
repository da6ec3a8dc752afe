from __future__ import annotations

import dataclasses
import json
import re
import sys
from pathlib import Path

import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_catalogue import CatalogueError, UnknownNameError, class_names, loader

CATALOGUE = catalogue.load()


def test_the_promised_names_come_first_and_in_order() -> None:
    assert list(CATALOGUE.applications)[:4] == ["face-detection", "body-detection", "face-comparison", "custom"]
    assert CATALOGUE.detectors()[:4] == [
        "yolo3_darknet53_coco",
        "ssd_512_resnet50_v1_coco",
        "yolo3_mobilenet1.0_coco",
        "faster_rcnn_fpn_resnet101_v1d_coco",
    ]
    assert CATALOGUE.model_choices("face-comparison")[:3] == [
        "retinaface_mnet025_v2+MobileFaceNet",
        "retinaface_mnet025_v2+LResNet100E-IR",
        "retinaface_r50_v1+MobileFaceNet",
    ]


def test_the_applications_that_are_treated_apart() -> None:
    pairs = [name for name, application in CATALOGUE.applications.items() if application.pairs]
    assert pairs == [catalogue.FACE_COMPARISON]
    assert [name for name in CATALOGUE.applications if not CATALOGUE.model_choices(name)] == [catalogue.CUSTOM]


def test_one_default_of_each_kind() -> None:
    assert [name for name, entry in CATALOGUE.applications.items() if entry.default] == ["face-detection"]
    assert [name for name, model in CATALOGUE.models.items() if model.default] == ["yolo3_darknet53_coco"]


@pytest.mark.parametrize("name", CATALOGUE.models)
def test_every_model_is_described_in_full(name: str) -> None:
    model = CATALOGUE.model(name)
    assert set(model.applications) <= set(CATALOGUE.applications)
    assert model.input.colour in ("RGB", "BGR")
    assert model.input.resize in ("short-side", "letterbox", "stretch", "centre-crop", "aligned-face")
    assert model.input.size <= model.input.max_long_side
    assert model.licence.spdx
    assert (model.engine == "embedded") == (not model.all_files())
    for file in model.all_files():
        assert file.url or file.sha256, f"{file.name} can be neither downloaded nor recognised"
        assert file.url is None or file.url.startswith("https://")
        assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_research_weights_are_marked() -> None:
    for name, model in CATALOGUE.models.items():
        research = ("MobileFaceNet", "mobilefacenet_y1", "LResNet100E-IR", "scrfd_500m", "w600k_mbf")
        insight = name.startswith("retinaface") or name in research
        assert ("InsightFace" in model.licence.spdx) is insight
        assert model.licence.commercial_use is not (insight or model.licence.spdx.startswith("AGPL"))
    assert CATALOGUE.model("yolo11n").licence.spdx == "AGPL-3.0"


def test_pairs_consist_of_a_detector_and_an_embedder() -> None:
    for pair in CATALOGUE.model_choices("face-comparison"):
        detector, embedder = CATALOGUE.parts(pair)
        assert "face-comparison" in detector.applications
        assert embedder.role == "face-embedder"


def test_known_sha256_are_those_of_the_real_weights(testdata: Path) -> None:
    lines = [line.split() for line in (testdata / "SHA256SUMS").read_text().splitlines()]
    known = {Path(path).name: digest for digest, path in lines}
    checked = 0
    for model in CATALOGUE.models.values():
        for file in model.all_files():
            if file.sha256 and file.name in known:
                assert file.sha256 == known[file.name]
                checked += 1
    assert checked >= 5


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("yunet_n+mobilface_v2", ", whose half 'mobilface_v2' is unknown, did you mean 'mobileface_v2'?"),
        ("yunet_m+mobileface_v2", ", whose half 'yunet_m' is unknown, did you mean 'yunet_n'?"),
        ("yunet_n+zzz", ", whose half 'zzz' is unknown"),
        ("+mobileface_v2", ", whose half '' is unknown"),
        ("a+b+c", ""),
        ("yunet_n", ", did you mean 'yunet_n+sface'?"),
    ],
)
def test_a_pair_gets_the_nearest_to_its_wrong_half(pair: str, says: str) -> None:
    assert catalogue.nearest(pair, CATALOGUE.model_choices(catalogue.FACE_COMPARISON)) == says


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'yolox_nano'"):
        CATALOGUE.model("yolox_nan")
    with pytest.raises(UnknownNameError, match="did you mean 'body-detection'"):
        CATALOGUE.application("body-detecton")


@pytest.mark.parametrize("damage", ["engine", "licence", "input"])
def test_a_missing_field_is_named(tmp_path: Path, damage: str) -> None:
    document = json.loads((Path(loader.__file__).parents[1] / "models.json").read_text())
    del document["models"]["yolox_nano"][damage]
    path = tmp_path / "models.json"
    path.write_text(json.dumps(document))
    with pytest.raises(CatalogueError, match=f"yolox_nano.*{damage}"):
        catalogue.load(path)


def test_a_field_that_is_not_known_is_named(tmp_path: Path) -> None:
    document = json.loads((Path(loader.__file__).parents[1] / "models.json").read_text())
    document["models"]["yolox_nano"]["sized"] = 3
    path = tmp_path / "models.json"
    path.write_text(json.dumps(document))
    with pytest.raises(CatalogueError, match="sized"):
        catalogue.load(path)


def test_the_catalogue_needs_only_the_standard_library() -> None:
    imported = {
        name
        for path in Path(loader.__file__).parent.glob("*.py")
        for name in re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
    }
    assert imported - {"ipc_ai_catalogue"} <= sys.stdlib_module_names


def test_classes_are_a_list_or_the_name_of_a_data_set() -> None:
    model = CATALOGUE.model("yolox_nano")
    assert (len(model.classes), model.classes[0], model.classes[79]) == (80, "person", "toothbrush")
    coco_91 = class_names.of("coco-91")
    assert (len(coco_91), coco_91[0], coco_91[1], coco_91[12], coco_91[90]) == (91, "", "person", "", "toothbrush")
    assert class_names.of(["cat", "dog"]) == ("cat", "dog")
    with pytest.raises(UnknownNameError, match="did you mean 'coco'"):
        class_names.of("cocoo")
    with pytest.raises(CatalogueError, match="must be a list of names"):
        class_names.of([1, 2])  # type: ignore[list-item]


def test_a_class_name_fits_a_line_whatever_a_models_metadata_holds() -> None:
    names = ["per\nson", "\x1b[31mcar\r\n", "\u202egnp.exe", "\x00", "half \ud800", "人", "two  words"]
    model = dataclasses.replace(CATALOGUE.model("yolox_nano"), classes=tuple(names))
    assert model.classes == ("per son", "[31mcar", "gnp.exe", "", "half", "人", "two  words")


def test_words_of_inputs_and_outputs_are_checked() -> None:
    model = CATALOGUE.model("yolox_nano")
    with pytest.raises(CatalogueError, match="did you mean 'stretch'"):
        dataclasses.replace(model.input, resize="strech")
    with pytest.raises(CatalogueError, match="kind 'size' is unknown"):
        dataclasses.replace(model.input, also={"orig_target_sizes": "size"})
    with pytest.raises(CatalogueError, match="did you mean 'softmax'"):
        dataclasses.replace(model.output, activation="soft-max")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "it must be a JSON object"),
        ("{", "it is not JSON"),
        ("{}", "field 'name' is missing"),
        ('{"name": 5}', "field 'name' is missing"),
        ('{"name": "x"}', "model 'x': field 'input' is missing"),
        ('{"name": "x", "input": []}', "a field is of another kind"),
    ],
)
def test_a_description_that_is_none_says_why(text: str, says: str) -> None:
    with pytest.raises(CatalogueError, match=says):
        catalogue.model_from_json(text)
