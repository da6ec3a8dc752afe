from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.onnx_graphs import write_yolox, write_yunet
from workbench.errors import RecognitionError
from workbench.recognition.recogniser import Recogniser
from workbench.store import model_folder


def test_a_model_folder_is_made_with_its_weights_under_the_models_name(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx", data="parts/gate.bin")
    recogniser = Recogniser()
    with ExitStack() as opened:
        folder = recogniser.model_folder(tmp_path / "gate.onnx", opened, because=["it is the only one"])
        assert folder.name == "gate"
        model = model_folder.read(folder)
        assert [file.name for file in model.all_files()] == ["gate.onnx", "parts/gate.bin"]
        for file in model.all_files():
            assert (folder / file.name).read_bytes() == (tmp_path / file.name).read_bytes()
            assert not (folder / file.name).is_symlink()  # ONNX Runtime follows none to weights
        assert json.loads((folder / "model.json").read_text())["files"]["any"][0]["sha256"]
    assert not folder.exists()
    (one,) = recogniser.found
    assert (one.model.name, one.because[0]) == ("gate", "it is the only one")


def test_options_of_a_pair(tmp_path: Path) -> None:
    """One head is for the half that it can read, and names are for the half that has classes."""
    write_yunet(tmp_path / "faces.onnx")
    for option in ("yunet", "yunet+yolox", "yunet+"):
        first, second = Recogniser(head=option).for_halves(2)
        assert first.recognise(tmp_path / "faces.onnx").model.head == "yunet"
        assert second.application == "face-comparison"
    with pytest.raises(RecognitionError, match="the head 'yolox' cannot read"):
        Recogniser(head="yolox+yunet").for_halves(2)[0].recognise(tmp_path / "faces.onnx")
    for option in ("yolox", "+yolox", "yunet+yolox"):
        first, _ = Recogniser(head=option, classes=tmp_path / "names").for_halves(2)
        (tmp_path / "names").write_text("face")
        assert first.recognise(tmp_path / "faces.onnx").model.head == "yunet"
    with pytest.raises(RecognitionError, match=r"--head a\+b\+c names 3 heads for 2 models; name one for each"):
        Recogniser(head="a+b+c").for_halves(2)


def test_a_half_must_serve_face_comparison(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx")
    with pytest.raises(RecognitionError, match=r"gate\.onnx does not serve face-comparison"):
        Recogniser().for_halves(2)[0].recognise(tmp_path / "gate.onnx")


def test_options_that_nothing_needs_are_refused(tmp_path: Path) -> None:
    Recogniser().require_used("shop")
    for recogniser in (Recogniser(head="yolox"), Recogniser(classes=tmp_path)):
        with pytest.raises(
            RecognitionError, match=r"--(head|classes) is for an \.onnx file that nothing describes, .* shop"
        ):
            recogniser.require_used("shop")
