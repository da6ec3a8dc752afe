"""Frames for the servers and the models that they run: real ones where they are, else made here."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from workbench import places
from workbench.errors import BenchError
from workbench.speed.load import Request

STORE = places.REPOSITORY / ".cache" / "speed"
_SHARED = places.REPOSITORY.parent / "shared"
_HEAVY = "yolo3_mobilenet1.0_coco"


@dataclass(frozen=True)
class Material:
    """Folders of what is not part of the project; None where there is none.

    Attributes:
        testdata: real weights and frames, ``IPC_TESTDATA``.
        baseline: the plain server, ``IPC_BASELINE``.
    """

    testdata: Path | None
    baseline: Path | None

    @classmethod
    def found(cls) -> Material:
        """Folders that the environment names or that lie beside the checkout."""
        return cls(_folder("IPC_TESTDATA", "testdata"), _folder("IPC_BASELINE", "baseline"))

    def street(self) -> bytes:
        """A small JPEG: a street scene of 480 x 480 pixels, or a photograph of 512 x 512."""
        return (self.testdata / "images/reference/street_small.jpg").read_bytes() if self.testdata else _photograph(1)

    def large(self) -> bytes:
        """A large JPEG: 1280 x 1920 pixels and 2.6 MB, or a photograph of 2048 x 2048 of some 3 MB."""
        if self.testdata:
            return (self.testdata / "images/reference/test_1280x1920x3.jpg").read_bytes()
        return _photograph(4)

    def camera(self) -> bytes:
        """The large frame as a camera of two megapixels sends it: some 300 KB, for 2.6 MB is a photographer's file."""
        from PIL import Image

        with Image.open(io.BytesIO(self.large())) as image:
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=80)
        return buffer.getvalue()

    def labelled(self) -> Path | None:
        """Frames with labels."""
        return self.testdata / "images/pennfudan" if self.testdata else None

    def plain_models(self) -> Path | None:
        """MXNet models that the plain server runs."""
        return self.testdata / "models/mxnet" if self.testdata else None

    def onnx_faces(self) -> Path:
        """A store with yunet_n and mobileface_v2; only with test data."""
        assert self.testdata is not None
        for model in ("yunet_n", "mobileface_v2"):
            folder = _fetched(model, self.testdata)
        return folder.parent

    def yolox(self) -> Path | None:
        """The folder of yolox_nano in a store of its own."""
        return _fetched("yolox_nano", self.testdata) if self.testdata else None


def as_image(frame: bytes) -> Request:
    """The frame itself."""
    return Request.post("/invocations", frame, "image/jpeg")


def as_json(frame: bytes, *, short_size: int) -> Request:
    """The older form, with the frame in base64."""
    body = {"image_bytes": base64.b64encode(frame).decode(), "short_size": short_size}
    return Request.post("/invocations", json.dumps(body).encode(), "application/json")


def heavy_exported() -> Path:
    """yolo3_mobilenet1.0_coco with realistic random weights, as MXNet runs it; made once."""
    return _made(STORE / "exported" / _HEAVY, ["export", _HEAVY, "--random-weights"])


def heavy_compiled() -> Path:
    """The same for ONNX Runtime, FP32."""
    return _made(STORE / "fp32" / _HEAVY, ["compile", str(heavy_exported()), "--target", "onnxruntime"])


def heavy_int8(frames: Path) -> Path:
    """The same in 8 bits, calibrated on ``frames``."""
    command = ["compile", str(heavy_exported()), "--target", "onnxruntime", "--int8", "--calibration", str(frames)]
    return _made(STORE / "int8" / _HEAVY, command)


def _fetched(model: str, source: Path) -> Path:
    folder = STORE / "fetched" / model
    if not folder.is_dir():
        _workbench(["fetch", model, "--from", str(source / "models"), "--store", str(folder.parent)])
    return folder


def _made(folder: Path, command: list[str]) -> Path:
    if not folder.is_dir():
        _workbench([*command, "--output", str(folder)])
    return folder


def _workbench(words: list[str]) -> None:
    print(f"preparing: python -m workbench {' '.join(words)}", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *words], stdout=sys.stderr, cwd=places.REPOSITORY, check=False
    )
    if done.returncode:
        raise BenchError(f"'workbench {words[0]}' failed ({done.returncode}); what it said stands above")


def _folder(variable: str, name: str) -> Path | None:
    named = os.environ.get(variable)
    if named and not Path(named).is_dir():
        raise BenchError(f"{variable} names {named}, which is no folder")
    folder = Path(named) if named else _SHARED / name
    return folder.resolve() if folder.is_dir() else None


def _photograph(times: int) -> bytes:
    from PIL import Image

    with Image.open(places.photograph()) as image:
        larger = image.convert("RGB").resize((image.width * times, image.height * times))
    buffer = io.BytesIO()
    larger.save(buffer, "JPEG", quality=98)
    return buffer.getvalue()
