from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.cameras import import_file
from workbench.errors import CameraError

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def _written(folder: Path, text: str | bytes) -> Path:
    file = folder / "cameras"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize(
    "text",
    [
        "camera_id,site,tags\ngate-1,南门,a;b\n",
        "\ufeffcamera_id,site,tags\r\ngate-1,南门,a;b\r\n\r\n",
        "camera_id,site,tags\ngate-1,南门,a;b\n".encode("gb18030"),
        "camera_id;site;tags\ngate-1;南门;a,b\n",
        "Tags\tCamera_ID\tSite\t\n a,b \t gate-1 \t南门\t\n",
        'id,site,tag\ngate-1,南门,"a,b"',
        '{"camera_id": "gate-1", "site": "南门", "tags": ["a", "b"]}\n\n',
        '[{"id": "gate-1", "site": "南门", "tags": "a,b", "vendor": null}]',
    ],
)
def test_files_of_spreadsheets_and_programs(text: str | bytes, tmp_path: Path) -> None:
    (row,), bad = import_file.read(_written(tmp_path, text), NOW)
    assert bad == []
    assert (row.camera.camera_id, row.camera.site, row.camera.tags) == ("gate-1", "南门", ("a", "b"))
    assert row.scopes == ("frames", "read")


def test_columns_of_a_profile_and_of_signers(tmp_path: Path) -> None:
    arn = "arn:aws:iam::111122223333:user/gate"
    text = f"camera_id,principal,scopes,min_confidence,classes\na,{arn},,0.5,\nb,,faces;read,,person;car\n"
    (first, second), bad = import_file.read(_written(tmp_path, text), NOW)
    assert bad == []
    assert (first.camera.principal, first.scopes, first.camera.profile.min_confidence) == (arn, (), 0.5)
    assert (second.scopes, second.camera.profile.classes) == (("read", "faces"), ("person", "car"))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("camera_id\n\ngate 1\n", 3, "'gate 1' is no name of a camera"),
        ("camera_id,site\na,x\na,y\n", 3, "'a' stands in line 2 already"),
        ("camera_id,site\n,x\n", 2, "the row has no camera_id"),
        ("camera_id,site\na,x,y\n", 2, 'it has 3 cells, and the first line 2; put "" around commas'),
        ("camera_id,keep\na,evrything\n", 2, "'keep' must be one of everything, detections, nothing"),
        ('camera_id,site\n"a\nb",x\n', 2, "is no name of a camera"),
        ('{"camera_id": "a"}\n{"camera_id": }\n', 2, "it is no JSON"),
        ('{"camera_id": "a"}\n["b"]\n', 2, "it is no object"),
        ('{"camera_id": "a", "stie": 1}\n', 1, "unknown name 'stie', did you mean 'site'"),
    ],
)
def test_a_bad_row_is_named_with_its_line(text: str, line: int, says: str, tmp_path: Path) -> None:
    _, (bad,) = import_file.read(_written(tmp_path, text), NOW)
    assert bad.line == line
    assert says in bad.fault


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no cameras; write a line of names"),
        ("camera_id,site\n", "has no cameras"),
        ("camera_id,stie\na,x\n", "unknown column 'stie', did you mean 'site'"),
        ("site,tags\nx,y\n", "the first line names each column once, and one is camera_id"),
        ("camera_id,id\nx,y\n", "the first line names each column once"),
        ("[{]", "it is no JSON"),
        ("camera_id,site\na,S\xfcd\n".encode("cp1252"), "is no text; save it as CSV in UTF-8"),
        (b"\xff\xfe\xff", "is no text; save it as CSV in UTF-8"),
    ],
)
def test_a_file_without_rows_is_refused(text: str | bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(CameraError) as caught:
        import_file.read(_written(tmp_path, text), NOW)
    assert says in str(caught.value)
