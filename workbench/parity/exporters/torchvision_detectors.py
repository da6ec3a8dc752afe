"""torchvision's detectors; answers by the exported graph, which has their post-processing, on the frame's own size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import torch
import torchvision
from torch import nn
from torchvision.models import detection, resnet
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops.feature_pyramid_network import LastLevelP6P7
from torchvision.transforms.functional import to_tensor

from workbench.parity.exporters import frames, random_networks, written

_CLASSES = 21  # the first is the background
_THRESHOLD, _MOST = 0.15, 60
_SMALL = {"min_size": 256, "max_size": 448}


class _Named(nn.Module):
    """Detector of one image with its outputs in a fixed order."""

    def __init__(self, detector: Any) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return boxes in pixels of ``images``, (1, 3, height, width) of 0 to 1, their labels and their scores."""
        found = self.detector([images[0]])[0]
        return found["boxes"], found["labels"], found["scores"]


def export(kind: str, folder: Path, paths: list[Path]) -> None:
    """Export one detector for frames of any size, and answer the frames."""
    detector = _DETECTORS[kind]().eval()
    images = [to_tensor(frames.rgb(path)) for path in paths]
    _make_answer(kind, detector, lambda: detector([image.clone() for image in images]))
    (folder / "model").mkdir()
    path = folder / "model" / f"{kind}.onnx"
    outputs = ["boxes", "labels", "scores"]
    torch.onnx.export(
        _Named(detector),
        (torch.rand(1, 3, 360, 480),),
        str(path),
        input_names=["images"],
        output_names=outputs,
        dynamic_axes={"images": {2: "height", 3: "width"}, **{name: {0: "detections"} for name in outputs}},
        opset_version=17,
        dynamo=False,
    )
    names = ["__background__", *(f"object {index}" for index in range(1, _CLASSES))]
    (folder / "model/labels.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = [(path, _answer(session, image, names)) for path, image in zip(paths, images, strict=True)]
    exporter = f"torchvision {torchvision.__version__}"
    written.write(folder, model=["model"], exporter=exporter, threshold=_THRESHOLD, answers=answers)


def _answer(session: Any, image: torch.Tensor, names: list[str]) -> list[written.Entry]:
    height, width = image.shape[1:]
    rows = zip(*session.run(None, {"images": image[None].numpy()}), strict=True)
    return [
        written.entry(names[label], score, written.shown(width, height, box))
        for box, label, score in rows
        if score >= _THRESHOLD
    ]


def _pyramid() -> Any:
    network = resnet.resnet18(norm_layer=nn.BatchNorm2d)
    return _resnet_fpn_extractor(network, 5, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))


_BLANK = {"weights": None, "weights_backbone": None, "num_classes": _CLASSES}
_DETECTORS: dict[str, Callable[[], Any]] = {
    "ssdlite": lambda: detection.ssdlite320_mobilenet_v3_large(**_BLANK, detections_per_img=_MOST, score_thresh=0.05),
    "faster-rcnn": lambda: detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        **_BLANK, **_SMALL, box_detections_per_img=_MOST
    ),
    "retinanet": lambda: detection.RetinaNet(_pyramid(), _CLASSES, **_SMALL, detections_per_img=_MOST),
    "fcos": lambda: detection.FCOS(_pyramid(), _CLASSES, **_SMALL, detections_per_img=_MOST),
}


def _make_answer(kind: str, detector: Any, run: Callable[[], Any]) -> None:
    random_networks.settle(detector, run)
    if kind == "ssdlite":
        layers = [block[-1] for block in detector.head.classification_head.module_list]
        random_networks.normalise(layers, run, mean=0.0, deviation=1.5)
        _raise_background(layers, 6.0)
    elif kind == "faster-rcnn":
        layer = detector.roi_heads.box_predictor.cls_score
        random_networks.normalise([layer], run, mean=0.0, deviation=2.5)
        _raise_background([layer], 6.0)
    else:
        layer = detector.head.classification_head.cls_logits
        random_networks.spread([layer], run, share=1e-3)
        _raise_background([layer], -20.0)  # a class that is never trained, and never answered
    if kind == "fcos":
        sides = detector.head.regression_head
        random_networks.normalise([sides.bbox_ctrness], run, mean=2.0, deviation=1.0)
        random_networks.normalise([sides.bbox_reg], run, mean=1.5, deviation=0.4)  # distances, which are not below 0


def _raise_background(layers: list[Any], by: float) -> None:
    """Raise the logit of the first class of each anchor; of a softmax that leaves few objects."""
    with torch.no_grad():
        for layer in layers:
            layer.bias.view(-1, _CLASSES)[:, 0] += by
