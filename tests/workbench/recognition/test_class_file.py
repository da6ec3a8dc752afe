from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import RecognitionError
from workbench.recognition import class_file


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("classes.txt", "person\ncar\n\ntruck\n\n", ("person", "car", "", "truck")),
        ("labels.txt", "\ufeffa person\r\na car\r\n", ("a person", "a car")),
        ("labels.txt", "0  person\n2: car\n", ("person", "", "car")),
        ("labels.txt", "1 litre\n2 litres\n", ("1 litre", "2 litres")),
        ("labels.txt", "__background__\nperson\nN/A\n", ("", "person", "")),
        ("coco.names", "person\nbicycle", ("person", "bicycle")),
        ("classes.json", '["person", "car"]', ("person", "car")),
        ("classes.json", '{"0": "person", "2": "car"}', ("person", "", "car")),
        ("classes.json", '{"person": 0, "car": 1}', ("person", "car")),
        ("config.json", '{"model_type": "detr", "id2label": {"0": "N/A", "1": "person"}}', ("", "person")),
        ("index.json", '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}', ("tench", "goldfish")),
        (
            "coco.json",
            '{"categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]}',
            ("", "person", "", "car"),
        ),
        ("data.yaml", "path: ../coco\nnames:\n  0: person\n  1: car\n", ("person", "car")),
        ("data.yml", "nc: 2\nnames: [person, car]\n", ("person", "car")),
        (
            "label_map.pbtxt",
            "item {\n name: '/m/01g317'\n id: 1\n display_name: 'person'\n}\nitem { id: 3 name: \"car\" }",
            ("", "person", "", "car"),
        ),
    ],
)
def test_forms(tmp_path: Path, name: str, text: str, names: tuple[str, ...]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert class_file.read(tmp_path / name) == names


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.txt", b"", "none.txt has no class names; write one a line"),
        ("none.json", b'{"a": {}}', "none.json has no class names"),
        ("none.json", b'{"99999999999": "person"}', "none.json has no class names"),
        ("cut.json", b'["person", "ca', "cannot read class names from .*cut.json: it is neither text, JSON nor YAML"),
        ("image.txt", b"\xff\xd8\xff\xe0", "cannot read class names from .*image.txt: it is neither"),
        ("cut.yaml", b"names: [a, b", "cannot read class names from .*cut.yaml: it is neither"),
    ],
)
def test_files_without_names(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecognitionError, match=says):
        class_file.read(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecognitionError, match=r"cannot read class names from .*x\.txt: No such file or directory"):
        class_file.read(tmp_path / "x.txt")
