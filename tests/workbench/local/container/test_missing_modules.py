from __future__ import annotations

from pathlib import Path

import pytest

from workbench.local.container import missing_modules

_SAID = "model could not be loaded: ModuleNotFoundError: No module named '{}'"


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("joblib", "scikit-learn=="),
        ("sklearn.svm", "scikit-learn=="),
        ("PIL", "pillow=="),
        ("yaml", "PyYAML=="),
        ("skimage.io", "scikit-image=="),
        ("bs4", "beautifulsoup4'"),
    ],
)
def test_the_package_that_has_a_module(tmp_path: Path, module: str, line: str) -> None:
    advised = missing_modules.with_advice(_SAID.format(module), tmp_path)
    assert f"the image has no module '{module.partition('.')[0]}': add '{line}" in advised
    assert "code/requirements.txt" in advised


def test_a_module_that_no_package_here_has(tmp_path: Path) -> None:
    advised = missing_modules.with_advice(_SAID.format("my_layers"), tmp_path)
    assert "name the package that has it in code/requirements.txt (my_layers, " in advised
    assert "put the file into code/ if it is yours" in advised


@pytest.mark.parametrize(
    ("module", "requirements", "says"),
    [
        ("numpy._core", "", "the numpy that is there has no 'numpy._core'"),  # pickled with NumPy 2
        ("sklearn.ensemble.forest", "Scikit_Learn >= 1.5\n", "let code/requirements.txt name that one (scikit-learn=="),
    ],
)
def test_weights_of_another_release(tmp_path: Path, module: str, requirements: str, says: str) -> None:
    (tmp_path / "requirements.txt").write_text(requirements)
    advised = missing_modules.with_advice(_SAID.format(module), tmp_path)
    assert "needs another release" in advised
    assert says in advised


@pytest.mark.parametrize(
    ("module", "requirements"),
    [
        ("sklearn", "numpy\nScikit_Learn[extra] >= 1.5\n"),
        ("my_layers", "-e ./my-layers\n"),
        ("my_layers", "--editable=libraries/my_layers\n"),
        ("my_layers", "./wheels/my_layers-1.0-py3-none-any.whl\n"),
        ("my_layers", "my_layers @ https://example.com/my_layers.zip\n"),
    ],
)
def test_a_package_that_is_named_already_is_not_advised(tmp_path: Path, module: str, requirements: str) -> None:
    (tmp_path / "requirements.txt").write_text(requirements)
    advised = missing_modules.with_advice(_SAID.format(module), tmp_path)
    assert f"and what pip installed has no module '{module}'" in advised
    assert "add '" not in advised


@pytest.mark.parametrize("said", ["ValueError: no", _SAID.format("_tkinter")])
def test_other_errors_stay_as_they_are(tmp_path: Path, said: str) -> None:
    assert missing_modules.with_advice(said, tmp_path) == said
