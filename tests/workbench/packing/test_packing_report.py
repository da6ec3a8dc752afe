from __future__ import annotations

from pathlib import Path

import pytest

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
