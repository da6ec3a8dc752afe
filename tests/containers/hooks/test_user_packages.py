"""Installation of a user's packages: from the program's own folder, into one that goes when the program ends."""

from __future__ import annotations

import signal
import time
import zipfile
from pathlib import Path

import pytest

from tests.served_program import serving

pytestmark = pytest.mark.processes

WHEEL = "own-1.0-py3-none-any.whl"
# Packages that the web server imports, and the process of the program does not.
OTHERS = ("flask", "gunicorn")
# Backports on the package index, which the standard library has under the same names.
BACKPORTS = ("dataclasses", "pathlib", "typing", "uuid", "enum", "asyncio/__init__")
SOURCES = """
import pathlib, zipfile
def build_wheel(folder, *_):
    pathlib.Path("build").mkdir()
    wheel = pathlib.Path(folder, "own-1.0-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr(*PACKED)
        packed.writestr("own-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: own\\nVersion: 1.0\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        packed.writestr("own-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: a test\\n" + tags)
        packed.writestr("own-1.0.dist-info/RECORD", "")
    return wheel.name
build_editable = build_wheel
"""
HOOKS = "import own\ndef model_fn(model_dir): return own.NAME\ndef predict_fn(rows, model): return [model]\n"


def _write_wheel(folder: Path) -> None:
    """A wheel with the package ``own``, and modules that would break the web server if it imported them."""
    folder.mkdir(parents=True, exist_ok=True)
    about = "own-1.0.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("own.py", "NAME = 'own'")
        for name in (*OTHERS, *BACKPORTS):
            wheel.writestr(f"{name}.py", "raise ImportError('another release')")
        wheel.writestr("flatbuffers/__init__.py", "OF = 'the user'")  # the image has it, too
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: own\nVersion: 1.0\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "model" / "code"
    folder.mkdir(parents=True)
    (tmp_path / "packages").mkdir()
    (folder / "inference.py").write_text(HOOKS)
    # pip works in this folder, and must not import what lies in it.
    for name in ("pip", "logging", "zipfile"):
        (folder / f"{name}.py").write_text("raise ImportError('of the user')")
    return folder


def _left(code: Path) -> list[Path]:
    return list((code.parents[1] / "packages").glob("user-packages-*"))


def _environment(code: Path) -> dict[str, str]:
    return {"TMPDIR": str(code.parents[1] / "packages"), "MODEL_SERVER_WORKERS": "1", "PIP_NO_INDEX": "1"}


@pytest.mark.parametrize(
    ("place", "files"),
    [
        (".", {"requirements.txt": f"./{WHEEL}"}),
        ("wheels", {"requirements.txt": f"wheels/{WHEEL}"}),
        ("wheels", {"requirements.txt": "--find-links wheels\nown"}),
        ("wheels", {"requirements.txt": "-r other.txt", "other.txt": f"./wheels/{WHEEL}"}),
        (
            "wheels",
            {"requirements.txt": "--find-links wheels\n-c constraints.txt\nown", "constraints.txt": "own==1.0"},
        ),
    ],
)
def test_packages_of_the_programs_own_folder(code: Path, place: str, files: dict[str, str]) -> None:
    _write_wheel(code / place)
    for name, text in files.items():
        (code / name).write_text(text)
    with serving(code.parent, application="custom", **_environment(code)) as program:
        program.wait_until(200)
        assert program.invoke(b"[1]", "application/json") == 200
        assert len(_left(code)) == 1
    assert program.process.returncode == 0
    assert not _left(code)


def test_a_users_packages_stand_between_the_standard_library_and_the_image(code: Path) -> None:
    _write_wheel(code)
    (code / "requirements.txt").write_text(f"./{WHEEL}")
    (code / "flask.py").write_text("OF = 'code'")
    (code / "inference.py").write_text(
        "import dataclasses, pathlib, typing, uuid, flatbuffers, flask, subprocess, sys\n"
        "def model_fn(model_dir): return None\n"
        "def input_fn(body, kind): return body\n"
        "def predict_fn(data, model):\n"
        "    assert flatbuffers.OF == 'the user' and flask.OF == 'code'\n"
        "    subprocess.run([sys.executable, '-c', 'import own, dataclasses'], check=True)\n"
        "    return [1]\n"
    )
    with serving(code.parent, application="custom", **_environment(code)) as program:
        program.wait_until(200)
        assert program.invoke(b"[1]", "application/json") == 200, program.log.read_text()


@pytest.mark.parametrize(
    ("line", "packed"),
    [
        ("./package", '"own.py", "NAME = 1"'),
        ("-e ./package", '"own.pth", str(pathlib.Path("source").resolve())'),
        ("--editable package", '"own.pth", str(pathlib.Path("source").resolve())'),
        ("file://{code}/package", '"own.py", "NAME = 1"'),
        ("own @ file://{code}/package", '"own.py", "NAME = 1"'),
    ],
)
def test_a_package_is_built_without_a_write_into_the_model(code: Path, line: str, packed: str) -> None:
    """/opt/ml/model is read-only; an editable one is found through a .pth file."""
    (code / "package" / "source").mkdir(parents=True)
    (code / "package" / "source" / "own.py").write_text("NAME = 1")
    (code / "package" / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    )
    (code / "package" / "backend.py").write_text(SOURCES.replace("*PACKED", packed))
    (code / "requirements.txt").write_text(line.format(code=code))
    before = sorted(code.rglob("*"))
    with serving(code.parent, application="custom", **_environment(code)) as program:
        program.wait_until(200)
        assert program.invoke(b"[1]", "application/json") == 200
    assert sorted(path for path in code.rglob("*") if "__pycache__" not in path.parts) == before
    assert not _left(code)


def test_a_package_that_the_hooks_cannot_run_beside_is_told(code: Path) -> None:
    _write_wheel(code)
    with zipfile.ZipFile(code / WHEEL, "a") as wheel:
        wheel.writestr("werkzeug.py", "VERSION = 'very old'")
    (code / "requirements.txt").write_text(f"./{WHEEL}")
    with serving(code.parent, application="custom", **_environment(code)) as program:
        program.wait_until(500)
        log = program.log.read_text()
    assert "a package of requirements.txt is of a release beside which the serving program does not run" in log
    assert "No module named 'werkzeug.exceptions'; 'werkzeug' is not a package" in log


def test_a_start_that_fails_leaves_no_folder(code: Path) -> None:
    (code / "requirements.txt").write_text("no-such-package-anywhere")
    with serving(code.parent, application="custom", **_environment(code)) as program:
        assert program.process.wait(60) != 0
        assert "No matching distribution" in program.log.read_text()
    assert not _left(code)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_during_the_installation_leaves_no_folder(code: Path, number: signal.Signals) -> None:
    (code / "slow").mkdir()
    builds_slowly = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    (code / "slow" / "pyproject.toml").write_text(builds_slowly)
    started = code / "started"
    (code / "slow" / "backend.py").write_text(f"import time; open({str(started)!r}, 'w'); time.sleep(25)")
    (code / "requirements.txt").write_text("./slow")
    with serving(code.parent, application="custom", **_environment(code)) as program:
        deadline = time.monotonic() + 30
        while not started.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert _left(code)
        program.process.send_signal(number)
        assert program.process.wait(20) == 0
    assert not _left(code)


def test_a_model_that_cannot_be_loaded_leaves_no_folder(code: Path) -> None:
    _write_wheel(code)
    (code / "requirements.txt").write_text(f"./{WHEEL}")
    (code / "inference.py").write_text("import sys; sys.exit(1)")
    with serving(code.parent, application="custom", **_environment(code)) as program:
        program.wait_until(500)
    assert not _left(code)
