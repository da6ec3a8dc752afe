from __future__ import annotations

from pathlib import Path

import pytest

from tests import table_graphs
from tests.saved_models import saved_model
from workbench.packing import model_layout
from workbench.packing.model_trial import NotTried, Trial
from workbench.packing.packed_model import PackedModel
from workbench.packing.packing_report import archive_lines, trial_lines


def test_a_trial_that_found_nothing_has_a_note() -> None:
    assert trial_lines(Trial("text/csv", "1,2\n", 6.4)) == ["served      text/csv in 6 ms: 1,2"]
    assert trial_lines(NotTried("--no-trial")) == ["served      not tried here: --no-trial"]
    _, note = trial_lines(Trial("application/json", "{}", 6, found=False))
    assert note.startswith(
        "note        found nothing in the sample, so boxes and scores are unchecked; name a photograph"
    )


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (
            None,
            "images      a camera's JPEG gets 415, because TensorFlow Serving's container takes JSON and CSV alone; ",
        ),
        (
            "def handler(data, context): ...",
            "images      a camera's JPEG reaches the input_handler or handler of code/inference.py as bytes: ",
        ),
    ],
)
def test_the_report_says_how_a_camera_reaches_tensorflow(tmp_path: Path, program: str | None, says: str) -> None:
    (tmp_path / "net/code").mkdir(parents=True)
    (tmp_path / "net/saved_model.pb").write_bytes(saved_model())
    if program:
        (tmp_path / "net/code/inference.py").write_text(program)
    layout = model_layout.lay_out(tmp_path / "net")
    lines = archive_lines(PackedModel(layout, tmp_path / "net", tmp_path / "net.tar.gz", "0", 1))
    assert next(line for line in lines if line.startswith("images")).startswith(says)


def test_links_are_told(tmp_path: Path) -> None:
    """A file from elsewhere is packed, as caches of models have them; a folder behind a link is not."""
    (tmp_path / "net/code").mkdir(parents=True)
    (tmp_path / "net/code/inference.py").write_text("def model_fn(model_dir): ...")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/model.onnx").touch()
    for name, target in (
        ("model.onnx", tmp_path / "elsewhere/model.onnx"),
        ("code/same.py", tmp_path / "net/code/inference.py"),
        ("weights", tmp_path / "elsewhere"),
        ("gone.bin", tmp_path / "nowhere"),
        (".venv", tmp_path / "elsewhere"),
    ):
        (tmp_path / "net" / name).symlink_to(target)
    layout = model_layout.lay_out(tmp_path / "net")
    lines = archive_lines(PackedModel(layout, tmp_path / "net", tmp_path / "net.tar.gz", "0", 1))
    assert [line for line in lines if line.startswith(("linked", "left out"))] == [
        f"left out    gone.bin, a link to nothing; copy what it should hold into {tmp_path}/net",
        f"linked      model.onnx is packed from {tmp_path}/elsewhere/model.onnx",
        f"left out    weights, a link to a folder; copy what it should hold into {tmp_path}/net",
    ]
    assert "weights/model.onnx" not in layout.files


def test_a_model_of_tables_is_told_with_its_columns(tmp_path: Path) -> None:
    table_graphs.write_columns(tmp_path / "fraud.onnx")
    layout = model_layout.lay_out(tmp_path / "fraud.onnx")
    lines = archive_lines(PackedModel(layout, tmp_path / "fraud.onnx", tmp_path / "fraud.tar.gz", "0", 1))
    assert lines[:5] == [
        "framework   onnx, told by fraud.onnx",
        "table       told by its exporter skl2onnx; all inputs have one or two dimensions",
        "takes       age (int64), income (float), city (string), is_member (bool), such as "
        '{"age": 0, "income": 0, "city": "Bonn", "is_member": false}',
        "answers     output_label, output_probability",
        "application custom",
    ]
