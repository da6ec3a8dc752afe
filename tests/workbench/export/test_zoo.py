from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import ExportError
from workbench.export import zoo


def test_a_file_that_holds_no_weights_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """MXNet's own message begins with the frames of its library."""
    path = tmp_path / "mine.params"
    path.write_text("not weights at all, and long enough for a header")
    with pytest.raises(ExportError) as caught:
        zoo.own(path)(None, [])
    assert "Traceback" not in str(caught.value)
    assert "Check failed" in str(caught.value)
    assert str(caught.value).endswith("; name the classes it was trained on with --classes")
    assert "\n" not in str(caught.value)
