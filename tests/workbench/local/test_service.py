"""Folder of a local run's logs, which a failure names."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import StartError
from workbench.local import service


def test_a_failure_names_the_logs_that_there_are(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "logs"
    folder.mkdir(parents=True)
    (folder / "serving.log").write_text("why")
    with pytest.raises(StartError) as caught, service.log_folder(folder):
        raise StartError("it ended")
    assert str(caught.value) == f"it ended; logs in {folder}"
    assert (folder / "serving.log").is_file()


def test_a_failure_before_there_are_any_leaves_no_folder_of_ours(tmp_path: Path) -> None:
    for named in (None, tmp_path):
        with pytest.raises(StartError) as caught, service.log_folder(named) as logs:
            raise StartError("the port is taken")
        assert str(caught.value) == "the port is taken"
        assert logs.exists() is (named is not None)


def test_logs_of_a_run_stay() -> None:
    with service.log_folder() as logs:
        pass
    logs.rmdir()
