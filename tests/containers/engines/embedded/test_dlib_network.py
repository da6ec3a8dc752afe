from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest

from ipc_ai_catalogue import load
from ipc_ai_serving import engines
from ipc_ai_serving.engines.embedded import dlib_network
from ipc_ai_serving.engines.embedded import engine as embedded
from ipc_ai_serving.engines.embedded.engine import FACE_EMBEDDING
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.vision.preprocessing import normalised


@pytest.fixture(scope="module")
def file() -> Path:
    return embedded.weights(FACE_EMBEDDING)


def _faces(photograph: Path) -> list[npt.NDArray[np.uint8]]:
    """A face, what is around it, noise, one colour, and a ramp: (150, 150, 3) RGB each."""
    image = cv2.cvtColor(cv2.imread(str(photograph)), cv2.COLOR_BGR2RGB)
    parts = [cv2.resize(part, (150, 150)).astype(np.uint8) for part in (image[81:178, 176:273], image)]
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3)).astype(np.uint8)
    ramp = np.linspace(0, 255, noise.size).reshape(noise.shape).astype(np.uint8)
    return [*parts, noise, np.full_like(noise, 90), ramp]


@pytest.mark.parametrize("threads", [1, 2])
def test_its_vectors_are_those_of_dlib(threads: int, file: Path, photograph: Path) -> None:
    dlib = pytest.importorskip("dlib")
    model = load().model("dlib_face_embedding")
    network = dlib.face_recognition_model_v1(str(file))
    faces = _faces(photograph)
    expected = np.array([network.compute_face_descriptor(face) for face in faces])
    assert np.linalg.norm(expected[0] - expected[1:], axis=1).min() > 0.3
    engine = engines.load(model, {}, threads)
    tensors = [normalised(cv2.cvtColor(face, cv2.COLOR_RGB2BGR), model.input, 150, 150) for face in faces]
    one_by_one = engine.run_each(len(faces), lambda number: tensors[number])
    at_once = engine.run(np.concatenate(tensors))
    for made in (one_by_one, at_once):
        assert list(made) == ["embedding"]
        np.testing.assert_allclose(made["embedding"], expected, rtol=0, atol=2e-6)


def test_the_graph_is_one_that_onnx_knows(file: Path) -> None:
    model = onnx.load_from_string(dlib_network.graph(file))
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node].count("Conv") == 29
    (frame,) = model.graph.input
    # With many faces at a time, their maps would stay in the worker's memory.
    assert [length.dim_value for length in frame.type.tensor_type.shape.dim] == [1, 3, 150, 150]


@pytest.mark.parametrize("kept", [0, 1, 300, 335, 400, 20_000, 22_334_900, 22_334_910, -100])
def test_a_file_that_ends_early(kept: int, file: Path, tmp_path: Path) -> None:
    path = tmp_path / FACE_EMBEDDING
    path.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ModelLoadError, match="is not dlib's face recognition network, or not all of it"):
        dlib_network.graph(path)


@pytest.mark.parametrize("layer", [b"con_4", b"affine_", b"fc_2"])
def test_another_network(layer: bytes, file: Path, tmp_path: Path) -> None:
    """The network has the same layers, but the first with twice as many numbers, or one more filter."""
    changed = bytearray(file.read_bytes())
    changed[changed.index(layer) + len(layer) + 4] += 1
    path = tmp_path / FACE_EMBEDDING
    path.write_bytes(changed)
    with pytest.raises(ModelLoadError, match="is not dlib's"):
        dlib_network.graph(path)


def test_a_mean_that_is_no_number(file: Path, tmp_path: Path) -> None:
    changed = bytearray(file.read_bytes())
    exponent = changed.index(b"input_rgb_image_sized") + len("input_rgb_image_sized") + 4
    assert changed[exponent : exponent + 2] == b"\x81\x11"  # minus seventeen
    changed[exponent] = 4
    path = tmp_path / FACE_EMBEDDING
    path.write_bytes(changed)
    with pytest.raises(ModelLoadError, match="is not dlib's"):
        dlib_network.graph(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="none cannot be read: No such file or directory"):
        dlib_network.graph(tmp_path / "none")


def test_the_other_network_of_the_package(file: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"^mmod_human_face_detector\.dat is not dlib's"):
        dlib_network.graph(file.with_name("mmod_human_face_detector.dat"))
