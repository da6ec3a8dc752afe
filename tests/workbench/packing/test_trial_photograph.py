from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from PIL import Image

import ipc_ai_catalogue as catalogue
from workbench import places
from workbench.packing import trial_photograph
from workbench.recognition.recognised import Recognised

_YOLOX = catalogue.load().model("yolox_nano")


def _recognised(size: int, width: int | None, resize: str = "letterbox") -> Recognised:
    spec = dataclasses.replace(_YOLOX.input, size=size, width=width, resize=resize)
    return Recognised(dataclasses.replace(_YOLOX, input=spec), (), Path("x.onnx"))


@pytest.mark.parametrize(
    ("size", "width", "sent"), [(384, 640, (512, 307)), (640, 384, (307, 512)), (256, 416, (512, 315))]
)
def test_it_has_the_networks_shape(size: int, width: int, sent: tuple[int, int]) -> None:
    with trial_photograph.shaped_for([_recognised(size, width)]) as path, Image.open(path) as image:
        assert image.size == sent
    assert not path.exists()


def test_it_is_whole_for_others() -> None:
    square, stretched = _recognised(416, None), _recognised(384, 640, "stretch")
    for recognised in ([], [square], [stretched], [_recognised(384, 640), square]):
        with trial_photograph.shaped_for(recognised) as path:
            assert path == places.photograph()
