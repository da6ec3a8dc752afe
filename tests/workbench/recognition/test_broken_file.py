from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest

from tests.onnx_graphs import write_yolox
from workbench.errors import RecognitionError
from workbench.recognition import recognised

_LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"


def _zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (_LFS, "it is a pointer of Git LFS, not the file; get that with 'git lfs pull'"),
        (b"/annex/objects/SHA256E-s3--aa.onnx\n", "it is a pointer of git-annex, not the file"),
        (b"\n<!DOCTYPE html><html></html>", "it is a page of the web; export it again, or copy it again"),
        (pickle.dumps({"epoch": 1}), "it is a pickle of Python; export the model to ONNX"),
        (_zipped(), "it is a zip archive, as PyTorch saves models; unpack it, or export the model to ONNX"),
        (b"\x89HDF\r\n\x1a\n", "it is a file of Keras, HDF5; export the model to ONNX"),
        (b"\x1f\x8b\x08\x00", "it is packed by gzip; unpack it"),
        (b"", "it is empty; export it again, or copy it again"),
    ],
)
def test_a_file_that_is_another_thing_is_called_by_its_name(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "gate.onnx").write_bytes(content)
    with pytest.raises(RecognitionError, match=f"gate.onnx is no ONNX graph: {says}"):
        recognised.recognise(tmp_path / "gate.onnx")


def test_weights_that_are_a_pointer(tmp_path: Path) -> None:
    write_yolox(tmp_path / "gate.onnx", data="gate.bin")
    (tmp_path / "gate.bin").write_bytes(_LFS)
    with pytest.raises(RecognitionError, match=r"gate\.onnx has its weights in gate\.bin: it is a pointer of Git LFS"):
        recognised.recognise(tmp_path / "gate.onnx")
