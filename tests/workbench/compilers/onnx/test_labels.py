from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ipc_ai_serving.models.classes import AnsweredClasses
from workbench.compilers.onnx import labels
from workbench.errors import CompileError

_PENN = """\
# Compatible with PASCAL Annotation Version 1.00
Image filename : "PennFudanPed/PNGImages/FudanPed00001.png"
Objects with ground truth : 2 { "PASpersonWalking" "PASpersonWalking" }
# Details for pedestrian 1 ("PASpersonWalking")
Original label for object 1 "PASpersonWalking" : "PennFudanPed"
Bounding box for object 1 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : (160, 182) - (302, 431)
Bounding box for object 2 "PASpersonWalking" (Xmin, Ymin) - (Xmax, Ymax) : (420, 171) - (535, 486)
"""


def _coco(*, names: tuple[str, ...] = ("gate.jpg",), **replaced: Any) -> str:
    """Labels of people and a dog in every frame, and of a crowd, which is ignored."""
    frames = [{"id": number, "file_name": f"val/{name}"} for number, name in enumerate(names)]
    annotations = [
        {"image_id": frame["id"], "category_id": category, "bbox": [10.5, 20, 30, 40], "iscrowd": crowd}
        for frame in frames
        for category, crowd in ((1, 0), (18, 0), (1, 1))
    ]
    categories = [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}]
    return json.dumps({"images": frames, "annotations": annotations, "categories": categories} | replaced)


def test_pascal_counts_pixels_from_one_and_a_box_holds_its_last(tmp_path: Path) -> None:
    (tmp_path / "FudanPed00001.txt").write_text(_PENN)
    boxes = labels.of(tmp_path / "FudanPed00001.png")
    assert boxes is not None
    assert boxes.tolist() == [[159, 181, 302, 431], [419, 170, 535, 486]]


def test_coco_gives_left_top_width_and_height_of_people(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(_coco(names=("other.jpg",)))
    (tmp_path / "b.json").write_text(_coco(names=("other.jpg", "gate.jpg")))
    boxes = labels.of(tmp_path / "gate.jpg")
    assert boxes is not None
    assert boxes.tolist() == [[10.5, 20, 40.5, 60]]


def test_a_frame_with_nobody_in_it_is_labelled(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(_PENN.partition("Bounding")[0])
    (tmp_path / "coco.json").write_text(_coco(annotations=[]))
    for name in ("empty.png", "gate.jpg"):
        boxes = labels.of(tmp_path / name)
        assert boxes is not None
        assert boxes.shape == (0, 4)


def test_a_frame_that_nobody_labelled_has_none(tmp_path: Path) -> None:
    (tmp_path / "coco.json").write_text(_coco())
    assert labels.of(tmp_path / "yard.jpg") is None


def test_json_of_something_else_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('["a list"]')
    (tmp_path / "v.json").write_text('{"version": 1}')
    assert labels.of(tmp_path / "yard.jpg") is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gate.txt", "a note about the gate", "gate.txt has no labels in PASCAL's format; write .*, or rename it"),
        ("gate.txt", b"\xff\xfe", "gate.txt has no labels in PASCAL's format"),
        ("coco.json", "{", "coco.json is not JSON: .*; write it again"),
        ("coco.json", _coco(annotations=[{"image_id": 0}]), "coco.json has no labels in COCO's format: 'category_id'"),
        (
            "coco.json",
            _coco(annotations=[{"image_id": 0, "category_id": 1, "bbox": [1, 2, 3]}]),
            r"coco.json has no labels in COCO's format: a bbox is \[1, 2, 3\], and not left, top, width and height",
        ),
        ("coco.json", _coco(names=("a/gate.jpg", "b/gate.jpg")), "coco.json names gate.jpg twice"),
        (
            "coco.json",
            _coco(categories=[{"id": 18, "name": "dog"}]),
            "coco.json has no labels in COCO's format: it has no category 'person'",
        ),
    ],
)
def test_labels_that_cannot_be_read_say_what_is_wrong(
    tmp_path: Path, name: str, content: str | bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CompileError, match=says):
        labels.of(tmp_path / "gate.jpg")


def _answered(*names: str) -> AnsweredClasses:
    return AnsweredClasses(names, "person")


def test_names_of_the_models_classes_count_and_others_do_not(tmp_path: Path) -> None:
    (tmp_path / "coco.json").write_text(_coco())
    found = labels.of_classes(tmp_path / "gate.jpg", _answered("Dog", "cat"))
    assert found is not None
    assert (found.names, found.boxes.tolist()) == (("Dog",), [[10.5, 20, 40.5, 60]])


def test_a_pedestrian_of_penn_fudan_is_a_person(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(_PENN)
    found = labels.of_classes(tmp_path / "a.png", _answered("car", "person"))
    assert found is not None
    assert found.names == ("person", "person")


def test_a_model_of_people_alone_takes_people_as_it_did(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(_PENN.replace("PASpersonWalking", "x"))
    (tmp_path / "coco.json").write_text(_coco())
    for classes in (_answered(), _answered("person")):
        for name, count in (("a.png", 2), ("gate.jpg", 1)):
            found = labels.of_classes(tmp_path / name, classes)
            assert found is not None
            assert found.names == ("person",) * count


def test_pascal_voc_is_read(tmp_path: Path) -> None:
    box = "<bndbox><xmin>11</xmin><ymin>21</ymin><xmax>30.5</xmax><ymax>40</ymax></bndbox>"
    objects = "".join(f"<object><name>{name}</name>{box}</object>" for name in ("dog", "person"))
    (tmp_path / "gate.xml").write_text(f"<annotation>{objects}</annotation>")
    found = labels.of_classes(tmp_path / "gate.jpg", _answered("person", "dog"))
    assert found is not None
    assert (found.names, found.boxes.tolist()[0]) == (("dog", "person"), [10, 20, 30.5, 40])
    people = labels.of(tmp_path / "gate.jpg")
    assert people is not None
    assert len(people) == 1


@pytest.mark.parametrize("content", ["<annotation>", "<annotation><object><name>dog</name></object></annotation>"])
def test_a_broken_file_of_pascal_voc_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "gate.xml").write_text(content)
    with pytest.raises(CompileError, match=r"gate.xml has no labels in PASCAL VOC's format: [^\n]+$"):
        labels.of_classes(tmp_path / "gate.jpg", _answered("dog", "cat"))
