from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import PackageError
from workbench.packing import requirements_file


def _check(folder: Path, line: str) -> None:
    path = folder / "requirements.txt"
    path.write_text(f"# packages\n{line}\n")
    requirements_file.check(path)


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "scikit-learn==1.5.2 ; python_version > '3.8'",
        "requests[security] >= 2 # a comment @ file:x",
        "./wheels/x.whl",
        "wheels/x.whl",
        "file:wheels/x.whl",
        "x @ https://example.com/x.whl",
        "x @ git+https://example.com/x.git@main",
        "git+ssh://git@example.com/x.git",
        "x @ file:///opt/ml/model/code/x.whl",
        "-f wheels",
        "--index-url https://example.com/simple",
        "",
    ],
)
def test_lines_that_pip_takes_in_the_container(tmp_path: Path, line: str) -> None:
    _check(tmp_path, line)


@pytest.mark.parametrize(
    "line",
    [
        "x @ file:wheels/x.whl",
        "x @ file:./wheels/x.whl",
        "x @ file://wheels/x.whl",
        "x@file:wheels/x.whl",
        "x[extra] @ wheels/x.whl ; python_version > '3.8'",
        "  x @ ./wheels/x.whl  # ours",
    ],
)
def test_a_relative_path_behind_a_name(tmp_path: Path, line: str) -> None:
    with pytest.raises(PackageError) as caught:
        _check(tmp_path, line)
    assert str(caught.value) == (
        "code/requirements.txt, line 2: pip takes no relative path behind '@'; write ./wheels/x.whl alone"
    )


@pytest.mark.parametrize("line", ["/home/you/x.whl", "x @ file:///home/you/x.whl", "file:///home/you/x.whl"])
def test_a_path_of_this_machine(tmp_path: Path, line: str) -> None:
    with pytest.raises(PackageError, match=r"/home/you/x\.whl is a path of this machine.* write \./x\.whl"):
        _check(tmp_path, line)
