"""The engine of compiled models, with a stand-in for DLR: its interface, over ONNX Runtime.

DLR itself runs only what SageMaker compiled. Of its interface the stand-in has what the engine uses, and is as strict:
one graph in the folder, the one input by its name, of exactly the compiled shape.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import ipc_ai_catalogue as catalogue
from ipc_ai_serving import engines
from ipc_ai_serving.errors import InvalidImageError, ModelLoadError
from ipc_ai_serving.model_folder import ModelFolder, find
from ipc_ai_serving.models.detector import Detector
from tests.tiny_models import write_yolox_onnx

STAND_IN = """
import pathlib
import numpy as np

class DLRModel:
    def __init__(self, model_path, dev_type=None, dev_id=None):
        import onnxruntime
        (library,) = pathlib.Path(model_path).glob("*.so")
        if len(list(pathlib.Path(model_path).glob("*.json"))) > 1:
            raise ValueError(f"Multiple .json files found under {model_path}")
        self.device = (dev_type, dev_id)
        self._session = onnxruntime.InferenceSession(library.read_bytes())

    def run(self, input_values):
        (name,), (value,) = input_values.keys(), input_values.values()
        (declared,) = self._session.get_inputs()
        if (name, list(value.shape)) != (declared.name, declared.shape) or not value.flags.c_contiguous:
            raise ValueError(f"{name} {value.shape} is not a valid input")
        return self._session.run(None, input_values)
"""


@pytest.fixture
def dlr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    package = tmp_path / "packages" / "dlr"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(package.parent)
    yield
    sys.modules.pop("dlr", None)


def _write(folder: Path, **neo: Any) -> Path:
    """A compiled model folder of yolox_nano; ``neo`` changes what neo.json says."""
    write_yolox_onnx(folder / "compiled" / "compiled.so")
    (folder / "compiled" / "compiled_model.json").write_text("{}")
    model = dataclasses.asdict(catalogue.load().model("yolox_nano"))
    files = [{"name": "neo.json", "role": "neo"}, {"name": "compiled/compiled.so", "role": "library"}]
    (folder / "model.json").write_text(json.dumps({**model, "engine": "dlr", "files": {"any": files}}))
    described = {"device": "cpu", "shape": [1, 3, 416, 416], "outputs": ["output"], **neo}
    (folder / "neo.json").write_text(json.dumps(described))
    return folder


def _found(folder: Path) -> ModelFolder:
    return find(
        "yolox_nano", "body-detection", model_dir=folder, model_store=Path("/nonexistent"), catalogue=catalogue.load()
    )


def test_a_compiled_model_finds_what_its_source_finds(
    dlr: None, tmp_path: Path, red_square_frame: npt.NDArray[np.uint8]
) -> None:
    write_yolox_onnx(tmp_path / "source" / "yolox_nano.onnx")
    source = Detector.load(_found(tmp_path / "source"), threads=1).detect(red_square_frame)
    compiled = Detector.load(_found(_write(tmp_path / "model")), threads=1).detect(red_square_frame)
    np.testing.assert_allclose(compiled.boxes, source.boxes, atol=1e-3)
    np.testing.assert_allclose(compiled.scores, source.scores, atol=1e-6)
    assert len(source.boxes) > 0


def test_smaller_tensors_are_padded_and_batches_run_one_by_one(dlr: None, tmp_path: Path) -> None:
    folder = _found(_write(tmp_path / "model"))
    engine = engines.load(folder.model, folder.files, threads=1)
    rng = np.random.default_rng(7)
    small = rng.uniform(0, 255, (3, 3, 300, 416)).astype(np.float32)
    whole = np.zeros((3, 3, 416, 416), np.float32)
    whole[:, :, :300] = small
    outputs = engine.run(small)["output"]
    assert outputs.shape == (3, 3549, 85)
    np.testing.assert_array_equal(outputs, np.concatenate([engine.run(each[None])["output"] for each in whole]))


def test_a_frame_that_does_not_fit_is_refused(dlr: None, tmp_path: Path) -> None:
    folder = _found(_write(tmp_path / "model"))
    engine = engines.load(folder.model, folder.files, threads=1)
    with pytest.raises(
        InvalidImageError, match=r"compiled for 416 x 416 pixels, and this frame is brought to 416 x 640"
    ):
        engine.run(np.zeros((1, 3, 640, 416), np.float32))


def test_outputs_without_names_are_numbered(dlr: None, tmp_path: Path) -> None:
    folder = _found(_write(tmp_path / "model", outputs=[]))
    engine = engines.load(folder.model, folder.files, threads=1)
    assert list(engine.run(np.zeros((1, 3, 416, 416), np.float32))) == ["output_0"]


def test_without_the_runtime_the_package_is_named(tmp_path: Path) -> None:
    folder = _found(_write(tmp_path / "model"))
    with pytest.raises(
        ModelLoadError, match="engine 'dlr' needs the package 'dlr': add it to the image's requirements"
    ):
        engines.load(folder.model, folder.files, threads=1)


def test_what_dlr_does_not_take(dlr: None, tmp_path: Path) -> None:
    folder = _found(_write(tmp_path / "model"))
    (tmp_path / "model" / "compiled" / "other.json").write_text("{}")
    with pytest.raises(
        ModelLoadError, match=r"DLR does not load the compiled model in compiled: Multiple \.json files"
    ):
        engines.load(folder.model, folder.files, threads=1)


@pytest.mark.parametrize("neo", ["not JSON", "[]", "{}", '{"device": "cpu", "outputs": [], "shape": [1, 3]}'])
def test_a_description_that_tells_too_little(dlr: None, tmp_path: Path, neo: str) -> None:
    folder = _found(_write(tmp_path / "model"))
    (tmp_path / "model" / "neo.json").write_text(neo)
    with pytest.raises(ModelLoadError, match=r"neo\.json does not tell device, shape and outputs"):
        engines.load(folder.model, folder.files, threads=1)
