"""Frames and models for the measured servers: the test data where it exists, else made here."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from workbench import places, typed
from workbench.errors import BenchError
from workbench.speed.load import Request

STORE = places.REPOSITORY / ".cache" / "speed"
_SHARED = places.REPOSITORY.parent / "shared"
_HEAVY = "yolo3_mobilenet1.0_coco"


@dataclass(frozen=True)
class Material:
    """Folders outside of the project; None where they are missing.

    Attributes:
        testdata: real weights and frames, ``IPC_TESTDATA``.
        baseline: the plain server, ``IPC_BASELINE``.
    """

    testdata: Path | None
    baseline: Path | None

    @classmethod
    def found(cls) -> Material:
        """Find the folders that the environment names, or that lie beside the checkout."""
        return cls(_folder("IPC_TESTDATA", "testdata"), _folder("IPC_BASELINE", "baseline"))

    def street(self) -> bytes:
        """Return a small JPEG: a street scene of 480 x 480 pixels, or a photograph of 512 x 512."""
        return (self.testdata / "images/reference/street_small.jpg").read_bytes() if self.testdata else _photograph(1)

    def large(self) -> bytes:
        """Return a large JPEG: 1280 x 1920 pixels and 2.6 MB, or a photograph of 2048 x 2048 of some 3 MB."""
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
        """Return the folder of frames with labels."""
        return self.testdata / "images/pennfudan" if self.testdata else None

    def plain_models(self) -> Path | None:
        """Return the folder of MXNet models for the plain server."""
        return self.testdata / "models/mxnet" if self.testdata else None

    def onnx_faces(self) -> Path:
        """Fetch yunet_n and mobileface_v2 from the test data, and return their store."""
        assert self.testdata is not None
        for model in ("yunet_n", "mobileface_v2"):
            folder = _fetched(model, self.testdata)
        return folder.parent

    def yolox(self) -> Path | None:
        """Fetch yolox_nano from the test data, and return its folder."""
        return _fetched("yolox_nano", self.testdata) if self.testdata else None


def as_image(frame: bytes) -> Request:
    """Return the request with the frame itself as its body."""
    return Request.post("/invocations", frame, "image/jpeg")


def as_json(frame: bytes, *, short_size: int) -> Request:
    """Return the request in the older form, with the frame in base64."""
    body = {"image_bytes": base64.b64encode(frame).decode(), "short_size": short_size}
    return Request.post("/invocations", json.dumps(body).encode(), "application/json")


def heavy_exported() -> Path:
    """Export yolo3_mobilenet1.0_coco for MXNet with realistic random weights, once."""
    return _made(STORE / "exported" / _HEAVY, ["export", _HEAVY, "--random-weights"])


def heavy_compiled() -> Path:
    """Compile the exported model for ONNX Runtime in 32 bits, once."""
    return _made(STORE / "fp32" / _HEAVY, ["compile", str(heavy_exported()), "--target", "onnxruntime"])


def heavy_int8(frames: Path) -> Path:
    """Compile the exported model in 8 bits, calibrated on ``frames``, once."""
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
    print(f"preparing: {typed.command(*words)}", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *words], stdout=sys.stderr, cwd=places.REPOSITORY, check=False
    )
    if done.returncode:
        raise BenchError(f"'{typed.NAME} {words[0]}' failed ({done.returncode}); its output is above")


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
